"""Signals by their names, as docker takes them, and which of them a box can be sent.

Belongs here: reading `TERM`, `SIGTERM`, `15`. Does not: sending them (`life`).
"""

from __future__ import annotations

import signal

from boxer.errors import ServiceOptionError

# native/signals.c tells these to the program; KILL, STOP and what follows CONT are the process's.
SENDABLE = (
    signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
    signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT, signal.SIGSTOP,
)  # fmt: skip


def parse_signal(text: str) -> signal.Signals:
    """Raises `ServiceOptionError` for what is no signal, and for those a box cannot be sent."""
    name = text.upper().removeprefix("SIG")
    found = next(
        (one for one in SENDABLE if name in (one.name.removeprefix("SIG"), str(int(one)))), None
    )
    if found is None:
        known = ", ".join(one.name.removeprefix("SIG") for one in SENDABLE)
        raise ServiceOptionError(f"`{text}` is no signal that a box can be sent.", hint=known + ".")
    return found
