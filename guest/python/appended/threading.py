# Appended by Boxer. A thread runs when somebody waits (guest/python/threads.c), so starting one
# does not wait for it to have begun.


def _boxer_start(self):
    """Start the thread's activity: it runs when another thread waits for something."""
    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    with _active_limbo_lock:
        _limbo[self] = self
    try:
        _start_joinable_thread(self._bootstrap, handle=self._handle, daemon=self.daemon)
    except Exception:
        with _active_limbo_lock:
            del _limbo[self]
        raise
    self._ident = self._handle.ident
    self._started.set()


Thread.start = _boxer_start


def _boxer_run(self):
    # A method's function is called by the interpreter's own loop, so that the thread can leave the
    # stack where it waits (guest/python/suspension.c).
    try:
        if self._target is not None:
            target, args = self._target, self._args
            if type(target) is _boxer_method:
                target, args = target.__func__, (target.__self__, *args)
            target(*args, **self._kwargs)
    finally:
        del self._target, self._args, self._kwargs


_boxer_method = type(_main_thread.is_alive)
Thread.run.__code__ = _boxer_run.__code__.replace(co_name="run", co_qualname="Thread.run")
