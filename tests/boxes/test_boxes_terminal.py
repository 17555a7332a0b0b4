"""Pseudo-terminals inside a box, as Python programs use them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
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


def test_the_interpreter_is_interactive_on_a_terminal(example: Example) -> None:
    head, tail = os.openpty()
    program = [sys.executable, "-m", "boxer.cli", "run", "-it", str(example("hello")), "python"]
    with subprocess.Popen(program, stdin=tail, stdout=tail, stderr=tail) as running:
        os.close(tail)
        os.write(head, b"x = 20\n2 * x + 2\n1 / 0\nraise SystemExit(5)\n")
        shown = b""
        with suppress(OSError):  # the terminal hangs up when the last program that has it ends
            while data := os.read(head, 4096):
                shown += data
        assert running.wait(60) == 5
    os.close(head)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode().replace("\r\n", "\n"))
    assert lines.count(">>> ") == 4
    assert "\n42\n" in lines.replace(">>> ", "\n")
    assert "ZeroDivisionError: division by zero" in lines
