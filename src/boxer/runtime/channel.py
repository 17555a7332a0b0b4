"""A call that talks with its host while it runs, and can be cancelled.

Belongs here: the two ends, and what a machine is told of its own. Does not: what is said
(`boxer.serving`, guest/python/boxer/_frames.py).

Invariants
1. The machine's standard input and output are one end of a socket, for one entry; nobody else has
   it, and its bytes count as output.
2. The machine's end stays open as long as its call runs: its number could be another's then.
"""

from __future__ import annotations

import socket
import threading

from boxer.runtime import native
from boxer.runtime.asking import Cancel
from boxer.runtime.entry import Usage
from boxer.runtime.native import Run


class Channel(Cancel):
    """ours: the host's end. The caller closes it. has_end: the limit of output holds; otherwise its
    caller bounds what is said at a time. usage: once the call is over."""

    usage: Usage | None = None

    def __init__(self, has_end: bool = True) -> None:
        super().__init__()
        self._has_end = has_end
        self.ours, self._theirs = socket.socketpair()
        self._ending = threading.Lock()
        self._is_ended = self._is_closed = False

    def of(self, run: Run, thaw: bool = True, is_long: bool = False) -> Run:
        """What the machine is given instead of `run`. thaw: see `RunOptions`. is_long: many have
        their share of the call, and its caller looks at what each takes."""
        made = self.within(run)
        made.thaw = thaw
        made.descriptors[0] = made.descriptors[1] = self._theirs.fileno()
        made.attend = None  # its caller waits elsewhere
        made.time_ns = native.NO_LIMIT  # its caller looks at the clock
        if is_long or not self._has_end:
            made.output = native.NO_LIMIT
        if is_long:
            made.cpu_ns = native.NO_LIMIT
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
    made = Run.from_buffer_copy(run)
    made.kept = run
    return made
