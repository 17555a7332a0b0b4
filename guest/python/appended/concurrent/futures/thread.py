# Appended by Boxer. A worker that waits for its next task would keep the one thread of execution;
# so tasks run when they are submitted, those of an event loop when it has nothing else to do.

# Who does what is submitted, later; None: it is done at once.
_boxer_later = None


def _boxer_submit(self, fn, /, *args, **kwargs):
    with self._shutdown_lock, _global_shutdown_lock:
        if self._broken:
            raise BrokenThreadPool(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if _shutdown:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")
    future = _base.Future()
    if self._initializer is not None:
        initializer, self._initializer = self._initializer, None
        try:
            initializer(*self._initargs)
        except BaseException:
            _base.LOGGER.critical("Exception in initializer:", exc_info=True)
            self._initializer_failed()
            future.set_exception(BrokenThreadPool(self._broken))
            return future
    self._work_queue.put(_WorkItem(future, fn, args, kwargs))
    if _boxer_later is None:
        self._boxer_work_all()
    else:
        _boxer_later(self._boxer_work)
    return future


def _boxer_work(self):
    """Does the task that was submitted first, unless it has been done."""
    try:
        item = self._work_queue.get_nowait()
    except queue.Empty:
        return
    if item is not None:
        item.run()


def _boxer_work_all(self):
    while not self._work_queue.empty():
        self._boxer_work()


def _boxer_shutdown(self, wait=True, *, cancel_futures=False):
    if wait and not cancel_futures:
        self._boxer_work_all()
    _boxer_real_shutdown(self, wait, cancel_futures=cancel_futures)


_boxer_submit.__doc__ = _base.Executor.submit.__doc__
_boxer_shutdown.__doc__ = _base.Executor.shutdown.__doc__
_boxer_real_shutdown = ThreadPoolExecutor.shutdown
ThreadPoolExecutor.submit = _boxer_submit
ThreadPoolExecutor.shutdown = _boxer_shutdown
ThreadPoolExecutor._boxer_work = _boxer_work
ThreadPoolExecutor._boxer_work_all = _boxer_work_all
