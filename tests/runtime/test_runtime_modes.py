"""Modes of mounted files: what is answered, and what does not get out of a folder."""

from __future__ import annotations

import stat
import struct
from pathlib import Path

import pytest

from boxer.runtime import Mount, run
from boxer.runtime.abi import Errno
from tests.runtime.conftest import make_box

# As native/modes.c and guest/kernel/host/preview1_path.c have them.
SET_MODE, GET_MODE = 1 << 14, 1 << 15
# Asks, and prints the answer and what was written to 32.
ASK = """
(i32.store (i32.const 28) (call $path_filestat_set_times (i32.const {fd}) (i32.const 0)
  (i32.const {at}) (i32.const {size}) (i64.const {mode}) (i64.const {place}) (i32.const {flags})))
(drop (call $say (i32.const 28) (i32.const 8) (i32.const 1)))
"""


def ask(
    folder: Path,
    path: bytes,
    flags: int,
    mode: int = 0,
    *,
    read_only: bool = False,
    fd: int = 3,
    size: int | None = None,
    at: int = 64,
    place: int = 32,
) -> tuple[Errno, int]:
    """The answer, and what was written to the place."""
    length = len(path) if size is None else size
    body = ASK.format(fd=fd, size=length, mode=mode, flags=flags, at=at, place=place)
    box = make_box(body, "path_filestat_set_times", image=path)
    told = run(box, mounts=[Mount(folder, "/data", read_only)]).stdout
    error, found = struct.unpack("<II", told)
    return Errno(error), found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, links that lead out, and a file beside it."""
    (tmp_path / "outside").write_text("")
    (tmp_path / "outside").chmod(0o644)
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub" / "file").write_text("")
    (inside / "sub" / "file").chmod(0o640)
    (inside / "link").symlink_to("../outside")
    (inside / "out").symlink_to("..")
    return inside


def test_a_mode_is_told_and_set(folder: Path) -> None:
    assert ask(folder, b"sub/file", GET_MODE) == (Errno.SUCCESS, 0o640)
    assert ask(folder, b"sub/file", SET_MODE, 0o755)[0] == Errno.SUCCESS
    assert ask(folder, b"sub/file", GET_MODE) == (Errno.SUCCESS, 0o755)
    folder.chmod(0o711)
    assert ask(folder, b".", GET_MODE) == (Errno.SUCCESS, 0o711)


@pytest.mark.parametrize(
    "path",
    [b"..", b"../outside", b"sub/../../outside", b"out/outside", b"link", b"/etc/passwd", b"",
     b"sub//file", b"./sub", b"sub/file\0", b"out"],
)  # fmt: skip
def test_no_path_leads_out(folder: Path, path: bytes) -> None:
    outside = folder.parent / "outside"
    for flags in (SET_MODE, GET_MODE):
        error, _ = ask(folder, path, flags, 0o777)
        assert error != Errno.SUCCESS
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_what_cannot_be_set_is_refused(folder: Path) -> None:
    assert ask(folder, b"sub/file", SET_MODE, 0o4755)[0] == Errno.PERM
    assert ask(folder, b"sub/file", SET_MODE, -1)[0] == Errno.PERM
    assert ask(folder, b"sub/file", SET_MODE, 0o600, read_only=True)[0] == Errno.ROFS
    assert ask(folder, b"sub/none", SET_MODE, 0o600)[0] == Errno.NOENT
    assert ask(folder, b"sub/file", SET_MODE, 0o600, fd=4)[0] == Errno.INVAL
    assert ask(folder, b"sub/file", SET_MODE, 0o600, fd=2)[0] == Errno.BADF
    assert stat.S_IMODE((folder / "sub" / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("size", [-1, 4096, 1 << 30])
def test_a_path_of_any_length_allocates_nothing(folder: Path, size: int) -> None:
    assert ask(folder, b".", GET_MODE, size=size)[0] == Errno.INVAL


def test_addresses_outside_of_the_memory_are_refused(folder: Path) -> None:
    assert ask(folder, b".", GET_MODE, at=-5, size=8)[0] == Errno.FAULT
    assert ask(folder, b".", GET_MODE, place=(2 << 16) - 3)[0] == Errno.FAULT
    assert ask(folder, b".", GET_MODE, place=-1)[0] == Errno.FAULT
