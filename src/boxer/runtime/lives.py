"""Lives of connections: what a machine is given that waits for them (native/lives.h).

Belongs here: the values. Does not: who makes its sockets and watches its process (`serving`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxer.runtime.limits import Limits


@dataclass(frozen=True, slots=True)
class Lives:
    """most: that live at once. control: the descriptor of a socket, on which "r" comes once the
    machine waits for its first connection; when its other end is closed, no more are taken. grace:
    seconds that those under way have then. silence: seconds for which the program may say nothing
    to a connection, or that is ended; None: as long as it likes. limits: of each life: time, cpu
    and output; the others are its machine's."""

    most: int
    control: int
    grace: float = 30.0
    silence: float | None = None
    limits: Limits = field(default_factory=lambda: Limits(time=None))
