"""Pseudo-terminals inside a box, as Python programs use them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
Example = Callable[[str], Path]
Boxer = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = """
import os, termios, tty
head, tail = os.openpty()
print(os.ttyname(tail), os.ptsname(head), os.isatty(head), os.isatty(tail))
os.write(head, b'typed\\r')
print(os.read(tail, 100), os.read(head, 100))
os.write(tail, b'line\\n')
print(os.read(head, 100))
termios.tcsetwinsize(head, (12, 34))
print(os.get_terminal_size(tail))
tty.setraw(tail)
os.write(head, b'\\x03')
print(os.read(tail, 100))
os.close(head)
print(os.read(tail, 100), os.listdir('/dev/pts'))
"""


def test_a_terminal_edits_echoes_and_hangs_up(example: Example, boxer: Boxer) -> None:
    done = boxer("run", example("hello"), "python", "-c", SCRIPT)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "/dev/pts/0 /dev/pts/0 True True",
        r"b'typed\n' b'typed\r\n'",
        r"b'line\r\n'",
        "os.terminal_size(columns=34, lines=12)",
        r"b'\x03'",
        "b'' []",
    ]
