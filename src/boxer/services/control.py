"""How a supervisor is asked: one line of JSON over a socket of its folder, and a line back.

Belongs here: the client's side, and what both sides have in common. Does not: what is asked for
(`supervisor`).

Invariants
1. Descriptors go with the first byte of a request.
2. A path of any length is reached: by the folder's descriptor, since a socket's address is short.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boxer.errors import ServiceStateError

LONGEST_REQUEST = 1 << 20


def address_of(folder: int, name: str) -> str:
    return f"/proc/self/fd/{folder}/{name}"


def connected(path: Path) -> socket.socket | None:
    """A connection to the supervisor of a folder; None: nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            connection.connect(address_of(folder, path.name))
        finally:
            os.close(folder)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        return None
    return connection


def ask(
    path: Path,
    request: dict[str, Any],
    descriptors: Sequence[int] = (),
    timeout: float | None = None,
) -> dict[str, Any] | None:
    """Asks a supervisor, and waits for what it says. timeout: seconds, None for no end.

    None: it is not there, or ended before it said anything. Raises `ServiceStateError`: it does not
    answer in time.
    """
    connection = connected(path)
    if connection is None:
        return None
    with connection:
        connection.settimeout(timeout)
        try:
            data = json.dumps(request).encode() + b"\n"
            handed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            sent = connection.sendmsg([data], handed if descriptors else [])
            if sent < len(data):
                connection.sendall(data[sent:])
            return _reply(connection)
        except TimeoutError:
            raise ServiceStateError(
                f"The process that watches `{path.parent.name}` does not answer.",
                hint="It may be stopped or hang: `boxer ps --format json` has its `SupervisorPid`.",
            ) from None
        except (BrokenPipeError, ConnectionResetError):
            return None


def _reply(connection: socket.socket) -> dict[str, Any] | None:
    text = b""
    while not text.endswith(b"\n"):
        piece = connection.recv(1 << 16)
        if not piece:
            return None
        text += piece
    reply: dict[str, Any] = json.loads(text)
    return reply
