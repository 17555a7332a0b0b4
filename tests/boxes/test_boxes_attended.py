"""What a person is told whose program listens where nothing reaches it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boxes.conftest import Boxer

pytestmark = pytest.mark.base

LISTENS = """import socket
for host, port in {asked}:
    with socket.socket() as one:
        if port is not None:
            one.bind((host, port))
        one.listen()
"""
TOLD = {
    "a port that was asked for": ([("127.0.0.1", 5000)], 5000),
    "one of those the kernel picks, asked for": ([("0.0.0.0", 50051)], 50051),
    "any port, which is a program's own affair": ([("127.0.0.1", 0), ("0.0.0.0", 0)], None),
    "no port": ([("127.0.0.1", None)], None),
    "any port, then one that was asked for": ([("127.0.0.1", 0), ("0.0.0.0", 8000)], 8000),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_port_is_told_of_that_somebody_outside_could_know(
    case: str, boxer: Boxer, example: Callable[[str], Path]
) -> None:
    asked, port = TOLD[case]
    done = boxer("run", example("hello"), "python", "-c", LISTENS.format(asked=asked))
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "listens on port" in line]
    assert [f"listens on port {port} inside" in line for line in told] == [True] * (
        port is not None
    )
