"""Ports of this machine for servers that are told theirs as a number.

Whoever can binds port 0, or is given the socket. A number that was free a moment ago may be another
program's by the time its server binds it; these ones nobody else chooses.
"""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress

# Below those that Linux gives to clients and to servers of port 0 (ip(7), ip_local_port_range).
FIRST, END = 10_000, 32_768
_chance = random.Random(os.urandom(8))
_given: set[int] = set()


def free_port() -> int:
    """Of 127.0.0.1, for TCP or UDP. Each worker of the tests has ports of its own, and gives none
    of them twice."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    own = [port for port in range(FIRST + worker, END, workers) if port not in _given]
    _chance.shuffle(own)
    for port in own:
        _given.add(port)
        if _is_free(port):
            return port
    raise AssertionError("there is no free port")


def _is_free(port: int) -> bool:
    with suppress(OSError):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", port))
        return True
    return False
