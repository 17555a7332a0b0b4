"""Limits end runs that wait: for whoever reads their output, for files, in the engine's copies."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxer.boxfile import Box, write_box
from boxer.runtime import Limits, Mount, mapped, run
from boxer.runtime.engine import ticks_by_epochs
from boxer.wasmformat import Module
from tests.runtime.conftest import make_box

MakeBox = Callable[..., Box]

# Says which limit ended it, where the test looks.
PROGRAM = """
import pathlib, sys, threading
from boxer.boxfile import read_box
from boxer.runtime import Limits, Mount, Stream, mapped, run
box = read_box(pathlib.Path(sys.argv[1]).read_bytes())
if sys.argv[2] == "copied":
    mapped.is_available = lambda: False
mounts = [Mount(pathlib.Path(sys.argv[1]).parent, "/data")] if sys.argv[2] == "mounted" else []
def go():
    result = run(box, stdin=Stream.INHERIT, stdout=Stream.INHERIT, limits=Limits(time=0.3),
                 mounts=mounts)
    sys.stderr.write(f"{result.limit} {result.exit_code}\\n")
threads = [threading.Thread(target=go) for _ in range(int(sys.argv[3]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
WRITE = """
(i32.store (i32.const 16) (i32.const 1024))
(i32.store (i32.const 20) (i32.const {size}))
(loop (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))) (br 0))
"""
READ = """
(i32.store (i32.const 16) (i32.const 1024))
(i32.store (i32.const 20) (i32.const 100))
(loop (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24))) (br 0))
"""
KINDS = ["mapped", "mounted", "copied"]


def ended(tmp_path: Path, box: Box, kind: str, stdin: int, stdout: int, runs: int = 1) -> list[str]:
    """What runs of the box with those streams came to; nobody serves them meanwhile."""
    path = tmp_path / "app.wasm"
    path.write_bytes(write_box(Module.parse(box.code), box.image, box.info))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), kind, str(runs)],
        stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stderr.splitlines()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 4097, 1 << 20])
def test_a_pipe_that_nobody_reads_ends_at_the_limit(
    tmp_path: Path, pipe: tuple[int, int], kind: str, size: int
) -> None:
    box = make_box(WRITE.format(size=size), pages=20)
    assert ended(tmp_path, box, kind, subprocess.DEVNULL, pipe[1]) == ["time 137"]


@pytest.mark.parametrize("kind", KINDS)
def test_several_runs_that_write_to_one_pipe_end(
    tmp_path: Path, pipe: tuple[int, int], kind: str
) -> None:
    box = make_box(WRITE.format(size=65536), pages=20)
    fcntl.fcntl(pipe[0], fcntl.F_SETPIPE_SZ, 4096)
    assert ended(tmp_path, box, kind, subprocess.DEVNULL, pipe[1], 4) == ["time 137"] * 4


@pytest.mark.skipif(ticks_by_epochs(), reason="only a signal ends a write to a terminal")
@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_that_nobody_reads_ends_at_the_limit(tmp_path: Path, kind: str) -> None:
    ours, theirs = pty.openpty()
    box = make_box(WRITE.format(size=65536), pages=20)
    try:
        assert ended(tmp_path, box, kind, subprocess.DEVNULL, theirs) == ["time 137"]
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_input_that_does_not_come_ends_at_the_limit(
    tmp_path: Path, pipe: tuple[int, int], kind: str
) -> None:
    box = make_box(READ, "fd_read")
    assert ended(tmp_path, box, kind, pipe[0], subprocess.DEVNULL, 2) == ["time 137"] * 2


# One takes so long that the guest is never met in its own code.
LARGE = 300 << 20
BULK = {
    "memory.fill": f"(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const {LARGE})) (br 0))",
    "memory.copy": f"(loop (memory.copy (i32.const 0) (i32.const 9) (i32.const {LARGE})) (br 0))",
    "random_get": f"(loop (drop (call $random_get (i32.const 0) (i32.const {LARGE}))) (br 0))",
    "nested": f"(call $f (i32.const 50)) (func $f (param i32) (if (local.get 0) (then"
    f" (call $f (i32.sub (local.get 0) (i32.const 1)))))"
    f" (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const {LARGE})) (br 0)))",
}


@pytest.mark.parametrize("kind", ["mapped", "copied"])
@pytest.mark.parametrize("limit", ["time", "cpu"])
@pytest.mark.parametrize("name", BULK)
def test_the_engines_long_copies_end_at_the_limit(
    name: str, limit: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "copied":
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    elif not mapped.is_available():
        pytest.skip("the native library is not there")
    body, _, more = BULK[name].partition(" (func ")
    box = make_box(
        body, "random_get", more=f"(func {more}" if more else "", pages=LARGE // 65536 + 1
    )
    limits = Limits(time=0.05, cpu=60) if limit == "time" else Limits(time=60, cpu=0.05)
    result = run(box, limits=limits)
    assert (result.exit_code, result.limit) == (137, limit)


OPEN = """
(call $proc_exit (call $path_open (i32.const 3) (i32.const {follow}) (i32.const 64) (i32.const 4)
  (i32.const 0) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 1024)))
"""
READS, WRITES, ENXIO, ELOOP = 2, 64, 60, 32


@pytest.mark.parametrize("rights", [READS, WRITES, READS | WRITES])
def test_what_can_block_is_not_opened_in_a_mount(tmp_path: Path, rights: int) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    (tmp_path / "real").write_bytes(b"")
    found = [
        run(
            make_box(OPEN.format(follow=follow, rights=rights), "path_open", image=name),
            mounts=[Mount(tmp_path, "/data")],
        ).exit_code
        for name, follow in ((b"fifo", 1), (b"fifo", 0), (b"link", 1), (b"link", 0), (b"real", 1))
    ]
    assert found == [ENXIO, ENXIO, ENXIO, ELOOP, 0]
