"""Threads that stand at the freeze point: an image holds one thread, so they are an error.

Belongs here: noting where threads are started while imports run, and telling of those that have not
ended. Does not: threads in a run.
"""

import _thread
import sys
import threading
import time
import traceback

_start = threading.Thread.start


def _start_noted(self):
    self._boxer_started = traceback.extract_stack(sys._getframe(1))
    _start(self)


def begin():
    _start_noted.__doc__ = _start.__doc__
    threading.Thread.start = _start_noted


def end():
    """Raises RuntimeError where a thread has not ended, once all have had their turns."""
    threading.Thread.start = _start
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
    thread = threading._active.get(ident)
    if thread is None:
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        return f"a thread of the module _thread, which is at {where}"
    stack = "".join(traceback.format_list(_of_the_program(thread)))
    return f"`{thread.name}`, which was started at (most recent call last)\n{stack.rstrip()}"


def _of_the_program(thread):
    """Where it was started, without the import system."""
    stack = getattr(thread, "_boxer_started", [])
    return [entry for entry in stack if not entry.filename.startswith("<frozen importlib")]
