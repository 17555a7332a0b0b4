"""Limits that a person gives a run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., "subprocess.CompletedProcess[str]"]
Example = Callable[[str], Path]

ENDED = [
    ("time=0.3", "while True: pass", "time=0.3"),
    ("cpu=0.3", "while True: pass", "cpu=0.3"),
    ("output=10KB", "while True: print('x' * 1000)", "output=10KB"),
]
TOLD = [
    (["-m", "64m"], "bytearray(10**8)", "MemoryError"),
    (["--limit", "files=10"], "x = [open('/dev/null') for _ in range(10)]", "Errno 24"),
    (["--limit", "storage=1MB"], "open('/tmp/x', 'wb').write(b'x' * 2_000_000)", "No space left"),
    (["--limit", "call_depth=50"], "f = lambda: f()\nf()", "RecursionError"),
]


@pytest.mark.parametrize(("limit", "program", "said"), ENDED)
def test_a_limit_ends_a_run_and_is_told(
    boxer: Boxer, example: Example, limit: str, program: str, said: str
) -> None:
    done = boxer("run", "--limit", limit, example("hello"), "python", "-c", program)
    assert done.returncode == 137
    assert done.stderr.splitlines()[-1] == f"boxer: the run reached its limit: {said}"


@pytest.mark.parametrize(("options", "program", "said"), TOLD)
def test_a_limit_is_an_error_that_the_program_sees(
    boxer: Boxer, example: Example, options: list[str], program: str, said: str
) -> None:
    done = boxer("run", *options, example("hello"), "python", "-c", program)
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
