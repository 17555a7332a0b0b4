# Appended by Boxer. A thread runs, to its end, when somebody waits (guest/python/threads.c), so
# starting one does not wait for it to have begun.


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
