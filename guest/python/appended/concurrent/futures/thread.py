# Appended by Boxer. A worker that waits for its next task would keep the one thread of execution;
# so tasks run when they are submitted.


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
    _WorkItem(future, fn, args, kwargs).run()
    return future


_boxer_submit.__doc__ = _base.Executor.submit.__doc__
ThreadPoolExecutor.submit = _boxer_submit
