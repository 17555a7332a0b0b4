"""Runs that use this process's own streams, so each is a process of its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxer.boxfile import Box, write_box
from boxer.wasmformat import Module

MakeBox = Callable[..., Box]

PROGRAM = """
import pathlib, sys
from boxer.boxfile import read_box
from boxer.runtime import ATTENDED, Mount, Stream, run
box = read_box(pathlib.Path(sys.argv[1]).read_bytes())
mounts = [Mount(sys.argv[2], "/data")] if len(sys.argv) > 2 else []
try:
    result = run(box, stdin=Stream.INHERIT, stdout=Stream.INHERIT, stderr=Stream.INHERIT,
                 limits=ATTENDED, mounts=mounts)
except KeyboardInterrupt:
    sys.exit(130)
sys.exit(result.exit_code)
"""

ECHO = """
(loop $again
  (i32.store (i32.const 16) (i32.const 1024))
  (i32.store (i32.const 20) (i32.const 4096))
  (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
  (if (i32.load (i32.const 24)) (then
    (if (call $say (i32.const 1024) (i32.load (i32.const 24)) (i32.const 1))
      (then (call $proc_exit (i32.const 64))))
    (br $again))))
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run of a box in a process of its own, which ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        box: Box, *arguments: str, stdin: int | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        path = tmp_path / "app.wasm"
        path.write_bytes(write_box(Module.parse(box.code), box.image, box.info))
        command = [sys.executable, "-c", PROGRAM, str(path), *arguments]
        started.append(subprocess.Popen(command, stdin=stdin, stdout=stdout))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def test_input_is_passed_on_as_it_comes(box: MakeBox, start: Start) -> None:
    process = start(box(ECHO, "fd_read"), **PIPES)
    assert process.stdin is not None
    assert process.stdout is not None
    for line in (b"one\n", b"two\n"):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == line
    process.stdin.close()
    assert process.wait() == 0
    process.stdout.close()


def test_reader_that_went_away_is_epipe_for_the_guest(box: MakeBox, start: Start) -> None:
    process = start(box("(loop" + ECHO.replace("$fd_read", "$flood") + ")", more=FLOOD), **PIPES)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    process.stdin.close()
    assert process.wait() == 64


# "Reads" 4096 bytes without end.
FLOOD = """
(func $flood (param i32 i32 i32 i32) (result i32)
  (i32.store (i32.const 24) (i32.const 4096)) (i32.const 0))
"""

SLEEP = """
(drop (call $say (i32.const 64) (i32.const 5) (i32.const 1)))
(i64.store (i32.const 1024) (i64.const 1))
(i64.store (i32.const 1048) (i64.const 1000000000000000))
(i32.store (i32.const 1040) (i32.const 1))
(drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 24)))
"""
SPIN = "(drop (call $say (i32.const 64) (i32.const 5) (i32.const 1))) (loop (br 0))"
WAIT = "(drop (call $say (i32.const 64) (i32.const 5) (i32.const 1)))" + ECHO


@pytest.mark.parametrize("mounted", [False, True])
@pytest.mark.parametrize("body", [SLEEP, SPIN, WAIT])
def test_ctrl_c_ends_whatever_the_guest_does(
    box: MakeBox, start: Start, tmp_path: Path, body: str, mounted: bool
) -> None:
    made = box(body, "poll_oneoff", "fd_read", image=b"here\n")
    process = start(made, *([str(tmp_path)] if mounted else []), **PIPES)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=300) == 130
    process.stdin.close()
    process.stdout.close()


# Exits with the file type of descriptor 1.
FILETYPE = """
(drop (call $fd_fdstat_get (i32.const 1) (i32.const 1024)))
(call $proc_exit (i32.load8_u (i32.const 1024)))
"""


def test_terminal_is_a_character_device(box: MakeBox, start: Start) -> None:
    ours, theirs = pty.openpty()
    process = start(box(FILETYPE, "fd_fdstat_get"), stdout=theirs)
    os.close(theirs)
    assert process.wait() == 2
    os.close(ours)


def test_null_device_is_no_terminal(box: MakeBox, start: Start) -> None:
    process = start(box(FILETYPE, "fd_fdstat_get"), stdout=subprocess.DEVNULL)
    assert process.wait() == 0
