"""anyio's two kinds of threads, on a machine that runs one at a time, each to its end.

Belongs here: worker threads (`to_thread.run_sync`, each plain function of a Starlette or FastAPI
application) and blocking portals (`from_thread.start_blocking_portal`, Starlette's TestClient).
Does not: threads in general (guest/python/threads.c).
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import queue
import threading


class Inbox(queue.Queue):
    """A worker's queue: what is put there is done when the event loop has nothing else to do, by a
    thread that then ends."""

    def __init__(self, work):
        super().__init__()
        self._work = work

    def put_nowait(self, item):
        if item is None:
            return
        loop = asyncio._get_running_loop()
        if loop is None:
            self._do(item)
        else:
            loop._boxer_when_idle(functools.partial(self._do, item))

    def _do(self, item):
        super().put_nowait(item)
        super().put_nowait(None)
        thread = threading.Thread(target=self._work, name="AnyIO worker thread")
        thread.start()
        thread.join()


def run_workers_in_place(module):
    begin = module.WorkerThread.__init__

    @functools.wraps(begin)
    def begin_idle(self, *arguments, **options):
        begin(self, *arguments, **options)
        self.queue = Inbox(self.run)

    module.WorkerThread.__init__ = begin_idle
    module.WorkerThread.start = lambda self: None


@contextlib.contextmanager
def outer_loop_waiting():
    """Lets another event loop run in this thread, whose own one waits meanwhile."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)


class Driven(concurrent.futures.Future):
    """A future that, waited for, turns the event loop that will complete it."""

    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def _turn(self, timeout):
        if self.done() or self._loop.is_closed():
            return
        waiter = self._loop.create_future()
        self.add_done_callback(lambda _: waiter.done() or waiter.set_result(None))
        with outer_loop_waiting():
            self._loop.run_until_complete(asyncio.wait({waiter}, timeout=timeout))

    def result(self, timeout=None):
        self._turn(timeout)
        return super().result(0)

    def exception(self, timeout=None):
        self._turn(timeout)
        return super().exception(0)


def _as_driven(portal, loop, set_library):
    """A portal of `loop` whose calls turn the loop instead of waiting for its thread."""
    open_ = [True]

    def check_running():
        if not open_[0] or loop.is_closed():
            raise RuntimeError("This portal is not running")
        if asyncio._get_running_loop() is loop:
            raise RuntimeError("This method cannot be called from the event loop thread")

    def spawn(func, args, kwargs, name, future):
        def start():
            set_library("asyncio")
            portal._task_group.start_soon(portal._call_func, func, args, kwargs, future, name=name)

        loop.call_soon(start)

    def start_task_soon(func, *args, name=None):
        check_running()
        future = Driven(loop)
        spawn(func, args, {}, name, future)
        return future

    def start_task(func, *args, name=None):
        check_running()
        started = Driven(loop)

        def ended(future):
            if started.done():
                return
            if future.cancelled():
                started.cancel()
            else:
                text = "Task exited without calling task_status.started()"
                started.set_exception(future.exception() or RuntimeError(text))

        future = Driven(loop)
        future.add_done_callback(ended)
        status = _status_type(portal)(started)
        spawn(func, args, {"task_status": status}, name, future)
        return future, started.result()

    portal._check_running = check_running
    portal._spawn_task_from_thread = spawn
    portal.start_task_soon = start_task_soon
    portal.start_task = start_task
    return open_


def _status_type(portal):
    import anyio.from_thread

    return anyio.from_thread._BlockingPortalTaskStatus


def _library_setter():
    """Tells anyio, and older ones sniffio, which library's task it is."""
    try:
        from anyio._core._eventloop import set_current_async_library
    except ImportError:
        from sniffio import current_async_library_cvar

        return current_async_library_cvar.set
    return set_current_async_library


def drive_portals(module):
    start_elsewhere = module.start_blocking_portal

    @functools.wraps(start_elsewhere)
    @contextlib.contextmanager
    def start_blocking_portal(backend="asyncio", backend_options=None, **options):
        if backend != "asyncio":
            with start_elsewhere(backend, backend_options, **options) as portal:
                yield portal
            return
        settings = dict(backend_options or {})
        settings.pop("use_uvloop", None)
        set_library = _library_setter()
        with outer_loop_waiting():
            runner = asyncio.Runner(**settings)
            loop = runner.get_loop()
        opened = Driven(loop)

        async def main():
            set_library("asyncio")
            async with module.BlockingPortal() as portal:
                opened.set_result(portal)
                await portal.sleep_until_stopped()

        ended = Driven(loop)
        task = loop.create_task(main())
        task.add_done_callback(lambda _: ended.set_result(None))
        try:
            portal = opened.result()
            still_open = _as_driven(portal, loop, set_library)
            failed = True
            try:
                yield portal
                failed = False
            finally:
                if not task.done():
                    portal.start_task_soon(portal.stop, failed)
                still_open[0] = False
                ended.result()
            task.result()
        finally:
            with outer_loop_waiting():
                runner.close()

    module.start_blocking_portal = start_blocking_portal
