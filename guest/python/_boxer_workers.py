"""Threads that serve one queue for an event loop, or that serve nobody: done without a thread.

Belongs here: one adjustment a package. Does not: anyio's threads (`_boxer_portals`), servers
(`_boxer_servers`), threads in general (guest/python/threads.c).
"""

import functools
import sys
import threading


class Tasks:
    """In the place of the queue of a connection's thread: what is put there, a future and what
    gives its result, is done by the future's loop when it has nothing else to do."""

    def put_nowait(self, item):
        if not isinstance(item, tuple):
            return  # what tells the thread to end
        future, function = item
        work = functools.partial(self._do, future, function)
        if future is None:
            work()
        else:
            future.get_loop()._boxer_when_idle(work)

    def _do(self, future, function):
        try:
            result, error = function(), None
        except BaseException as raised:
            result, error = None, raised
        if future is not None:
            future.get_loop().call_soon_threadsafe(self._tell, future, result, error)

    def _tell(self, future, result, error):
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class NoThread:
    """A thread that has nothing to do."""

    def start(self):
        return None

    def is_alive(self):
        return False

    def join(self, timeout=None):
        return None


def aiosqlite_in_the_loop(module):
    connection = module.Connection
    begin = connection.__init__

    @functools.wraps(begin)
    def begin_without_thread(self, *arguments, **options):
        begin(self, *arguments, **options)
        self._tx = Tasks()
        if not isinstance(self, threading.Thread):
            self._thread = NoThread()

    connection.__init__ = begin_without_thread
    if issubclass(connection, threading.Thread):  # before 0.22
        connection.start = lambda self: None


def prometheus_unserved(module):
    """Nothing outside reaches a box's port: a thread that serves it would wait for ever."""

    class Thread(NoThread):
        def __init__(self, *arguments, **options):
            self.daemon = True

        def start(self):
            sys.stderr.write("prometheus_client: a box has no port of its host: not served\n")

    class Threads:
        def __getattr__(self, name):
            return Thread if name == "Thread" else getattr(threading, name)

    module.threading = Threads()
