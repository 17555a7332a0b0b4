"""Threads that stand at the freeze point: an image holds one thread, so they are an error.

Belongs here: noting where threads are started while imports run, and telling of those that have not
ended. Does not: threads in a run.

It does not import `threading` itself: a machine whose program does without starts sooner.
"""

import _thread
import posix
import sys
import traceback

_start = None  # threading.Thread.start, while ours is in its place
_class = None  # threading.Thread: an import that failed takes its modules with it


def watch():
    """Called after each import."""
    global _start, _class
    threading = sys.modules.get("threading")
    if _start is None and hasattr(threading, "main_thread"):
        _class = threading.Thread
        _start = _class.start
        _start_noted.__doc__ = _start.__doc__
        _class.start = _start_noted


def _start_noted(self):
    self._boxer_started = traceback.extract_stack(sys._getframe(1))
    _start(self)


def end():
    """Raises RuntimeError where a thread has not ended, once all have had their turns."""
    global _start, _class
    if _start is not None:
        _class.start = _start
        _start = _class = None
    for turn in range(_TURNS):
        if not _thread._count():
            return
        if turn == _TURNS // 2:
            from boxer import _listeners

            _listeners.let_go()
        posix.sched_yield()
    count = _thread._count()
    raise RuntimeError(
        f"{count} thread{'s' if count > 1 else ''} would stand in the frozen image, which holds"
        " none. Start them when the program runs, or have them end:\n" + "\n".join(_told())
    )


# A thread that is about to end needs some.
_TURNS = 100


def _told():
    frames = sys._current_frames()
    frames.pop(_thread.get_ident(), None)
    threading = sys.modules.get("threading")
    known = {**threading._limbo, **threading._active} if threading else {}
    for ident, thread in known.items():
        if thread is not threading.main_thread():
            frames.pop(ident, None)
            stack = "".join(traceback.format_list(_of_the_program(thread))).rstrip()
            yield f"`{thread.name}`, which was started at (most recent call last)\n{stack}"
    for frame in frames.values():
        yield f"one of the module _thread, at {frame.f_code.co_filename}:{frame.f_lineno}"


def _of_the_program(thread):
    """Where it was started, without the import system and frames of ours."""
    from _boxer import OURS  # which imports this module

    stack = getattr(thread, "_boxer_started", [])
    system = ("<frozen importlib", *OURS)
    return [entry for entry in stack if not entry.filename.startswith(system)]
