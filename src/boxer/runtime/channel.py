"""A call that talks with its host while it runs, and can be cancelled.

Belongs here: the two ends, and what a machine is told of its own. Does not: what is said
(`boxer.serving`, guest/python/boxer/_frames.py).

Invariants
1. The machine's standard input and output are one end of a socket, for one entry; nobody else has
   it, and its bytes count as output.
2. The machine's end stays open as long as its call runs: its number could be another's then.
3. Cancelled is cancelled: within 50 ms, whatever the guest does.
"""

from __future__ import annotations

import ctypes
import socket
import threading
from ctypes import POINTER, c_uint32

from boxer.runtime import native
from boxer.runtime.native import Run


class CallCancelledError(Exception):
    """The call was ended by `Channel.cancel`."""


class Channel:
    """ours: the host's end. The caller closes it."""

    def __init__(self) -> None:
        self.ours, self._theirs = socket.socketpair()
        self._cancelled = c_uint32(0)
        self._ending = threading.Lock()
        self._is_ended = self._is_closed = False

    @property
    def is_cancelled(self) -> bool:
        return bool(self._cancelled.value)

    def cancel(self) -> None:
        """Ends the call, from any thread."""
        self._cancelled.value = 1

    def of(self, run: Run, thaw: bool = True, is_long: bool = False) -> Run:
        """What the machine is given instead of `run`. thaw: see `RunOptions`. is_long: many have
        their share of the call, and its caller looks at what each takes."""
        made = copied(run)
        made.thaw = thaw
        made.descriptors[0] = made.descriptors[1] = self._theirs.fileno()
        made.cancelled = ctypes.cast(ctypes.byref(self._cancelled), POINTER(c_uint32))
        made.attend = None  # its caller waits elsewhere
        made.time_ns = native.NO_LIMIT  # its caller looks at the clock
        if is_long:
            made.cpu_ns = made.output = native.NO_LIMIT
        return made

    def end(self) -> None:
        """The machine is through with it. What is still written to it is lost, and no error."""
        with self._ending:
            self._is_ended = True
            self._theirs.shutdown(socket.SHUT_WR)
            if self._is_closed:
                self._theirs.close()

    def close(self) -> None:
        with self._ending:
            self._is_closed = True
            self.ours.close()
            if self._is_ended:
                self._theirs.close()


def copied(run: Run) -> Run:
    """One that may be changed, and holds what the other one points to."""
    made = Run()
    ctypes.pointer(made)[0] = run
    made.source = run
    return made
