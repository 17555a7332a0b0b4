"""A supervisor is started: a session of its own, with nothing of the terminal it is started from.

Belongs here: starting it and hearing how the first life began. Does not: what it does then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from boxer.errors import ServiceStateError
from boxer.services.store import Service, ServiceStore


def start(store: ServiceStore, service: Service, lock: int) -> dict[str, Any]:
    """Starts a service whose lock is held; it is the supervisor's from then on. Returns when its
    program runs, with what was told, or {"error": ..}.

    Raises `ServiceStateError`: its supervisor cannot be started, or ended at once.
    """
    reading, writing = os.pipe()
    try:
        errors = os.open(
            service.folder / "supervisor.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        try:
            command = [sys.executable, "-P", "-m", "boxer.services", str(store.root)]
            subprocess.Popen(
                [*command, service.name, str(lock), str(writing)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                pass_fds=(lock, writing), start_new_session=True, cwd="/",
            )  # fmt: skip
        finally:
            os.close(errors)
    except OSError as error:
        os.close(reading)
        raise ServiceStateError(
            f"`{service.name}` cannot be started: {error.strerror}.",
            hint="See how much room there is: `df -h`, `free -h`, `ulimit -u`.",
        ) from None
    finally:
        os.close(writing)
        os.close(lock)
    with os.fdopen(reading, "rb") as reports:
        text = reports.readline()
    if not text.endswith(b"\n"):
        raise ServiceStateError(
            f"The process that watches `{service.name}` has ended.",
            hint=f"What it said is in `{service.folder / 'supervisor.err'}`.",
        )
    told: dict[str, Any] = json.loads(text)
    return told
