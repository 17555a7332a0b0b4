"""What a box does not have, and what a program is told that wants it.

Belongs here: a program for each, and the words it must be told. Does not: CPython's tests of it
(modules.toml, `unsupported`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import boxer

LIMITS = boxer.Limits(time=30)


@dataclass(frozen=True)
class Refusal:
    """A feature, a program that uses it, and a part of the last line on its standard error."""

    feature: str
    program: str
    words: str


TURNS = """
import threading
first, second = threading.Event(), threading.Event()
def wait(one, other):
    one.wait()
    other.set()
for pair in ((first, second), (second, first)):
    threading.Thread(target=wait, args=pair).start()
second.wait()
"""
TLS = """
import socket, ssl
ssl.create_default_context().wrap_socket(socket.socketpair()[0], server_hostname="example.org")
"""
COROUTINE = """
import asyncio
async def main():
    await asyncio.create_subprocess_exec("ls")
asyncio.run(main())
"""
ONE_PROCESS = "a box is one process and cannot start another one"
REFUSALS = (
    Refusal("os.fork", "import os; os.fork()", f"fork: {ONE_PROCESS}"),
    Refusal("os.posix_spawn", "import os; os.posix_spawn('/bin/ls', ['ls'], {})", ONE_PROCESS),
    Refusal("os.system", "import os; os.system('ls')", f"os.system: {ONE_PROCESS}"),
    Refusal("os.popen", "import os; os.popen('ls')", ONE_PROCESS),
    Refusal("pty.spawn", "import pty; pty.spawn('ls')", ONE_PROCESS),
    Refusal("subprocess", "import subprocess; subprocess.run(['ls'])", ONE_PROCESS),
    Refusal("asyncio's subprocesses", COROUTINE, ONE_PROCESS),
    Refusal(
        "multiprocessing.Process",
        "import multiprocessing; multiprocessing.Process(target=print).start()",
        ONE_PROCESS,
    ),
    Refusal("multiprocessing.Pool", "import multiprocessing; multiprocessing.Pool()", ONE_PROCESS),
    Refusal(
        "ProcessPoolExecutor",
        "import concurrent.futures; concurrent.futures.ProcessPoolExecutor()",
        ONE_PROCESS,
    ),
    Refusal("threads that take turns", TURNS, "this wait can never end: a box runs one thread"),
    Refusal("ssl", TLS, "a box has no TLS of its own"),
    Refusal("ctypes.CDLL", "import ctypes; ctypes.CDLL('libm.so.6')", "loads no libraries"),
    Refusal("tkinter", "import tkinter.ttk", "A box does not have it: needs a display"),
    Refusal("turtle", "import turtle", "A box does not have it: needs a display"),
    Refusal("curses", "import curses", "A box does not have it: needs terminal control"),
    Refusal("readline", "import readline", "A box does not have it: needs terminal control"),
    Refusal("ensurepip", "import ensurepip", "packages are installed when the box is built"),
)


@cache
def _plain_box() -> boxer.Box:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text('FROM python\nCMD ["python"]\n')
        return boxer.build(Path(folder))


def told(refusal: Refusal, *options: str) -> str:
    """The last line of what the program is told. options: the interpreter's."""
    result = _plain_box().run(["python", *options, "-c", refusal.program], limits=LIMITS)
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"(nothing; status {result.exit_code})"
