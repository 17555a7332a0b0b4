# Appended by Boxer. There is one thread of execution, so what a worker thread would do for a loop
# (run_in_executor, asyncio.to_thread) the loop does itself, once it has nothing else to do. While
# such a task waits (for a line of its standard input, a lock, a while) the loop goes on, on top of
# it (guest/python/threads.c).

# Rounds after which a task is done all the same: the loop may spin on sleep(0) until it is.
_BOXER_PATIENCE = 1000
# Tasks that wait, one on top of the other; each has some of the stack.
_BOXER_MOST_WAITING = 16


def _boxer_when_idle(self, work):
    """Has work, which takes nothing, done as if by another thread."""
    if self._boxer_works is None:
        self._boxer_works = collections.deque()
    self._boxer_works.append(work)


def _boxer_is_idle(self):
    if self._ready or self._stopping:
        return False
    self._process_events(self._selector.select(0))
    due = self._scheduled and self._scheduled[0]._when <= self.time()
    return not (self._ready or due)


def _boxer_work(self):
    """Does what was to be done first, if it is time to. False: not now."""
    if not self._boxer_works or self._boxer_waiting >= _BOXER_MOST_WAITING:
        return False
    self._boxer_rounds += 1
    if self._boxer_rounds <= _BOXER_PATIENCE and not self._boxer_is_idle():
        return False
    from _boxer_threads import attend

    self._boxer_rounds = 0
    self._boxer_waiting += 1
    # Another thread is in no event loop.
    events._set_running_loop(None)
    try:
        attend(self._boxer_turn, self._boxer_works.popleft())
    finally:
        events._set_running_loop(self)
        self._boxer_waiting -= 1
    return True


def _boxer_turn(self):
    """A round of the loop, while a task of it waits: True, or the seconds until there will be
    something to do, or False."""
    if self._stopping or self._boxer_raised is not None:
        return False
    events._set_running_loop(self)
    try:
        if not self._boxer_is_idle():
            _boxer_real_run_once(self)
            return True
        if self._boxer_work():
            return True
    except BaseException as error:
        self._boxer_raised = error
        return False
    finally:
        events._set_running_loop(None)
    return float(self._scheduled[0]._when - self.time()) if self._scheduled else False


def _boxer_run_once(self):
    if self._boxer_works:
        self._boxer_work()
        raised, self._boxer_raised = self._boxer_raised, None
        if raised is not None:
            raise raised
    _boxer_real_run_once(self)


def _boxer_run_in_executor(self, executor, func, *args):
    from concurrent.futures import thread

    before, thread._boxer_later = thread._boxer_later, self._boxer_when_idle
    try:
        return _boxer_real_run_in_executor(self, executor, func, *args)
    finally:
        thread._boxer_later = before


_boxer_run_in_executor.__doc__ = BaseEventLoop.run_in_executor.__doc__
_boxer_run_once.__doc__ = BaseEventLoop._run_once.__doc__
_boxer_real_run_once = BaseEventLoop._run_once
_boxer_real_run_in_executor = BaseEventLoop.run_in_executor
BaseEventLoop._boxer_works = BaseEventLoop._boxer_raised = None
BaseEventLoop._boxer_rounds = BaseEventLoop._boxer_waiting = 0
BaseEventLoop._boxer_when_idle = _boxer_when_idle
BaseEventLoop._boxer_is_idle = _boxer_is_idle
BaseEventLoop._boxer_work = _boxer_work
BaseEventLoop._boxer_turn = _boxer_turn
BaseEventLoop._run_once = _boxer_run_once
BaseEventLoop.run_in_executor = _boxer_run_in_executor
