"""Modes of mounted files: what is answered, and what does not get out of a folder."""

from __future__ import annotations

import ctypes
import stat
from pathlib import Path

import pytest

from boxer.runtime import modes
from boxer.runtime.abi import Errno
from boxer.runtime.memory import GuestMemory
from boxer.runtime.preview1 import Host
from boxer.runtime.sources import HostClock, host_entropy
from boxer.runtime.stdio import Budget, BytesSource, CapturedSink

ROOM, PLACE = 256, 200


def ask(
    folder: Path, path: bytes, flags: int, mode: int = 0, *, read_only: bool = False, fd: int = 3
) -> tuple[Errno, int]:
    """The answer, and what was written to PLACE."""
    room = ctypes.create_string_buffer(path, ROOM)
    memory = GuestMemory(ctypes.addressof(room), lambda: ROOM)
    sink = CapturedSink(Budget(0))
    host = Host(BytesSource(b""), sink, sink, HostClock(), host_entropy, memory=memory)
    folders = [(str(folder), read_only)]
    error = modes.answer(host, folders, fd, (0, len(path)), (mode, PLACE), flags)
    return error, memory.read_u32(PLACE)


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
    assert ask(folder, b"sub/file", modes.GET_MODE) == (Errno.SUCCESS, 0o640)
    assert ask(folder, b"sub/file", modes.SET_MODE, 0o755)[0] == Errno.SUCCESS
    assert ask(folder, b"sub/file", modes.GET_MODE) == (Errno.SUCCESS, 0o755)
    folder.chmod(0o711)
    assert ask(folder, b".", modes.GET_MODE) == (Errno.SUCCESS, 0o711)


@pytest.mark.parametrize(
    "path",
    [b"..", b"../outside", b"sub/../../outside", b"out/outside", b"link", b"/etc/passwd", b"",
     b"sub//file", b"./sub", b"sub/file\0", b"out"],
)  # fmt: skip
def test_no_path_leads_out(folder: Path, path: bytes) -> None:
    outside = folder.parent / "outside"
    for flags in (modes.SET_MODE, modes.GET_MODE):
        error, _ = ask(folder, path, flags, 0o777)
        assert error != Errno.SUCCESS
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_what_cannot_be_set_is_refused(folder: Path) -> None:
    assert ask(folder, b"sub/file", modes.SET_MODE, 0o4755)[0] == Errno.PERM
    assert ask(folder, b"sub/file", modes.SET_MODE, -1)[0] == Errno.PERM
    assert ask(folder, b"sub/file", modes.SET_MODE, 0o600, read_only=True)[0] == Errno.ROFS
    assert ask(folder, b"sub/none", modes.SET_MODE, 0o600)[0] == Errno.NOENT
    assert ask(folder, b"sub/file", modes.SET_MODE, 0o600, fd=4)[0] == Errno.INVAL
    assert ask(folder, b"sub/file", modes.SET_MODE, 0o600, fd=2)[0] == Errno.INVAL
    assert stat.S_IMODE((folder / "sub" / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("size", [-1, 4096, 1 << 30])
def test_a_path_of_any_length_allocates_nothing(folder: Path, size: int) -> None:
    sink = CapturedSink(Budget(0))
    host = Host(BytesSource(b""), sink, sink, HostClock(), host_entropy)  # without a memory
    error = modes.answer(host, [(str(folder), False)], 3, (0, size), (0, 0), modes.GET_MODE)
    assert error == Errno.INVAL
