"""Ctrl-Z at the terminal of `boxer run -it`."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
Example = Callable[[str], Path]
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
# The launcher, and the Python program.
WAYS = {"launcher": [], "limits": ["--limit", "time=300"]}


class Terminal:
    """A run at a terminal of its own."""

    def __init__(self, *words: object) -> None:
        self.pid, self.head = pty.fork()
        if self.pid == 0:
            os.execv(BOXER, [str(BOXER), "run", *map(str, words)])
        self.shown = b""

    def until(self, text: bytes) -> None:
        while text not in self.shown:
            assert select.select([self.head], [], [], PATIENCE)[0], self.shown
            self.shown += os.read(self.head, 4096)

    def type(self, text: bytes) -> None:
        self.shown = b""
        os.write(self.head, text)

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.head)


@pytest.mark.parametrize("way", WAYS)
def test_it_stops_the_job_of_a_shell_in_the_box(example: Example, way: str) -> None:
    terminal = Terminal(*WAYS[way], "-it", example("hello"), "sh")
    try:
        terminal.until(b"# ")
        terminal.type(b"python -c 'import time; print(6 * 7, flush=True); time.sleep(1000)'\n")
        terminal.until(b"42")
        terminal.type(b"\x1a")
        terminal.until(b"Stopped")
        terminal.type(b"echo $((40 + 3))\n")
        terminal.until(b"43")
        terminal.type(b"kill -9 %1; wait %1; echo $((40 + 4))\n")
        terminal.until(b"44")
        terminal.type(b"exit 5\n")
        assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 5
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            terminal.close()


@pytest.mark.parametrize("way", WAYS)
def test_it_stops_a_run_without_a_shell_as_a_whole(example: Example, way: str) -> None:
    program = "import time; print(6 * 7, flush=True); input(); print(6 * 8)"
    terminal = Terminal(*WAYS[way], "-it", example("hello"), "python", "-c", program)
    try:
        terminal.until(b"42")
        terminal.type(b"\x1a")
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.type(b"\n")
        terminal.until(b"48")
        assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 0
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            terminal.close()
