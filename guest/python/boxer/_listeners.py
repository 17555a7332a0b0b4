"""Listeners of logging whose threads would stand in a frozen image.

Belongs here: what becomes of their records. Does not: threads that stand (`_boxer_standing`).

Invariant: a record is handled where it is put into the listener's queue, until the program starts
the listener again: a machine that ends with its answer would end before its thread came to it.
"""

import logging.handlers
import threading


def let_go():
    """Ends the threads of those that listen."""
    for thread in list(threading._active.values()):
        listener = getattr(getattr(thread, "_target", None), "__self__", None)
        if isinstance(listener, logging.handlers.QueueListener) and _can_be_told(listener.queue):
            listener.stop()
            listener.queue.put_nowait = _handled_by(listener)


def _can_be_told(queue):
    return hasattr(queue, "__dict__")


def _handled_by(listener):
    def put(record):
        if listener._thread is not None:
            del listener.queue.put_nowait
            listener.queue.put_nowait(record)
        elif record is not listener._sentinel:
            listener.handle(record)

    return put
