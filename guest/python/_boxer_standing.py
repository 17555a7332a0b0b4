"""Threads that stand at the freeze point: an image holds one thread, so they are an error.

Belongs here: noting where threads are started while imports run, and telling of those that have not
ended. Does not: threads in a run.
"""

import _thread
import sys
import time

# `threading` is not imported here: where it is, each run renews it.
_start = _thread.start_joinable_thread
_started = {}  # a thread of the module threading -> where it was started


def _start_noted(function, handle=None, daemon=True):
    _started[getattr(function, "__self__", None)] = _stack(sys._getframe(1))
    return _start(function, handle=handle, daemon=daemon)


def _stack(frame):
    """Frames as (file, line, function), the innermost last."""
    found = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return found[::-1]


def _start_with(function):
    _thread.start_joinable_thread = function
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._start_joinable_thread = function


def begin():
    _start_with(_start_noted)


def end():
    """Raises RuntimeError where a thread has not ended, once all have had their turns."""
    _start_with(_start)
    try:
        _refuse_those_that_stand()
    finally:
        _started.clear()


def _refuse_those_that_stand():
    for _ in range(_TURNS):
        if not _others():
            return
        time.sleep(0)
    told = [_told(ident, frame) for ident, frame in sorted(_others().items())]
    raise RuntimeError(
        f"{len(told)} thread{'s' if len(told) > 1 else ''} would stand in the frozen image, which"
        " holds none. Start them when the program runs, or have them end:\n" + "\n".join(told)
    )


# A thread that is about to end needs some.
_TURNS = 100


def _others():
    frames = sys._current_frames()
    frames.pop(_thread.get_ident(), None)
    return frames


def _told(ident, frame):
    threading = sys.modules.get("threading")
    thread = threading._active.get(ident) if threading is not None else None
    if thread is None:
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        return f"a thread of the module _thread, which is at {where}"
    stack = [
        f"  {file}:{line}, in {name}"
        for file, line, name in _started.get(thread, ())
        if not file.startswith(("<frozen ", threading.__file__))
    ]
    return f"`{thread.name}`, which was started at (most recent call last)\n" + "\n".join(stack)
