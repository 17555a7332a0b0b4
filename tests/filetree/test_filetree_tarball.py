"""Archives into a tree and out of it, also those that mean harm."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from boxer.errors import ArchiveError, ArchiveLimitError, PathKindError, SymlinkLoopError
from boxer.filetree import (
    Device,
    Directory,
    Limits,
    Symlink,
    Tree,
    is_tar,
    read_tar,
    write_tar,
)

Entry = tuple[str, bytes, dict[str, object]]


def _archive(*entries: Entry) -> bytes:
    """A tar of (name, data, TarInfo fields)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data, fields in entries:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            for field, value in fields.items():
                setattr(header, field, value)
            archive.addfile(header, io.BytesIO(data))
    return buffer.getvalue()


def _read(data: bytes, tree: Tree | None = None, at: str = "/", **options: object) -> Tree:
    tree = tree if tree is not None else Tree()
    read_tar(tree, io.BytesIO(data), at, **options)  # type: ignore[arg-type]
    return tree


def _everything() -> Tree:
    tree = Tree()
    tree.root.mode = 0o750
    tree.add_file("/bin/tool", b"\0\xff" * 300, mode=0o4755, uid=1, gid=2, mtime=1_700_000_000)
    tree.add_link("/bin/same", "/bin/tool")
    tree.add_symlink("/bin/link", "../bin/tool", uid=7)
    tree.add_file("/" + "long" * 40 + "/" + "n" * 120, b"deep")
    tree.add_file("/é/\udcff\udcfe", b"bytes that are not UTF-8")
    tree.make_directories("/empty", mode=0o1777, mtime=5)
    tree.root.entries["null"] = Device(kind="char", major=1, minor=3, mode=0o666)
    tree.root.entries["pipe"] = Device(kind="fifo")
    return tree


@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["plain", "gzip", "bzip2", "xz", "zstd"],
)
def test_a_tree_comes_back_from_its_archive(compress: Callable[[bytes], bytes]) -> None:
    tree = _everything()
    buffer = io.BytesIO()
    write_tar(tree, buffer)
    data = compress(buffer.getvalue())
    assert is_tar(data)
    assert _read(data).digest() == tree.digest()


def test_the_same_tree_is_written_as_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    write_tar(_everything(), first)
    write_tar(_everything().copy(), second)
    assert first.getvalue() == second.getvalue()


_NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(
            st.lists(_NAMES.filter(lambda n: n not in (".", "..")), min_size=1, max_size=3),
            st.sampled_from(["file", "link", "folder"]),
            st.binary(max_size=20),
            st.integers(0, 0o7777),
            st.integers(0, 2**21),
        ),
        max_size=8,
    )
)
def test_any_tree_comes_back_from_its_archive(
    entries: list[tuple[list[str], str, bytes, int, int]],
) -> None:
    tree = Tree()
    for names, kind, data, mode, uid in entries:
        path = "/" + "/".join(names)
        with contextlib.suppress(PathKindError, SymlinkLoopError):
            if kind == "file":
                tree.add_file(path, data, mode, uid, uid, uid)
            elif kind == "folder":
                tree.make_directories(path, mode, uid, uid, uid)
            else:
                tree.add_symlink(path, data.hex() or "x", uid)
    buffer = io.BytesIO()
    write_tar(tree, buffer)
    buffer.seek(0)
    back = Tree()
    read_tar(back, buffer)
    assert back.digest() == tree.digest()


def test_absolute_names_are_taken_from_the_folder() -> None:
    tree = _read(_archive(("/etc/x", b"1", {}), ("//y", b"2", {})), at="/app")
    assert tree.file("/app/etc/x").data == b"1"
    assert tree.file("/app/y").data == b"2"


def test_times_are_clamped_and_owners_replaced_when_asked() -> None:
    data = _archive(("f", b"", {"mtime": 500, "uid": 3, "gid": 4}))
    kept = _read(data).file("/f")
    assert (kept.mtime, kept.uid, kept.gid) == (500, 3, 4)
    changed = _read(data, newest=100, owner=(1, 2)).file("/f")
    assert (changed.mtime, changed.uid, changed.gid) == (100, 1, 2)


def test_a_folder_that_is_there_takes_the_archives_mode_and_keeps_its_files() -> None:
    tree = Tree()
    tree.add_file("/d/old", b"")
    _read(_archive(("d", b"", {"type": tarfile.DIRTYPE, "mode": 0o700})), tree)
    assert tree.directory("/d").mode == 0o700
    assert tree.get("/d/old") is not None


def test_a_file_takes_the_place_of_a_folder_and_back() -> None:
    tree = Tree()
    tree.add_file("/d/old", b"")
    _read(_archive(("d", b"file", {})), tree)
    assert tree.file("/d").data == b"file"
    _read(_archive(("d", b"", {"type": tarfile.DIRTYPE})), tree)
    assert isinstance(tree.get("/d"), Directory)


def test_a_folder_over_a_link_to_a_folder_keeps_the_link() -> None:
    tree = Tree()
    tree.make_directories("/usr/bin")
    tree.add_symlink("/bin", "usr/bin")
    _read(_archive(("bin", b"", {"type": tarfile.DIRTYPE}), ("bin/x", b"1", {})), tree)
    assert isinstance(tree.get("/bin", follow=False), Symlink)
    assert tree.file("/usr/bin/x").data == b"1"


LINK = {"type": tarfile.SYMTYPE}
HARD = {"type": tarfile.LNKTYPE}


@pytest.mark.parametrize(
    "entries",
    [
        [("../evil", b"", {})],
        [("a/../../evil", b"", {})],
        [("..", b"", {"type": tarfile.DIRTYPE})],
        [("out", b"", LINK | {"linkname": "/etc"}), ("out/passwd", b"evil", {})],
        [("out", b"", LINK | {"linkname": "../.."}), ("out/etc/passwd", b"evil", {})],
        [("hard", b"", HARD | {"linkname": "../etc/passwd"})],
        [("out", b"", LINK | {"linkname": "/etc"}), ("h", b"", HARD | {"linkname": "out/passwd"})],
        [("hard", b"", HARD | {"linkname": "missing"})],
        [(".", b"a file in place of the folder", {})],
    ],
)
def test_an_archive_that_reaches_outside_is_refused(entries: list[Entry]) -> None:
    tree = Tree()
    tree.add_file("/etc/passwd", b"root")
    with pytest.raises(ArchiveError):
        _read(_archive(*entries), tree, at="/app/in")
    assert tree.file("/etc/passwd").data == b"root"
    assert tree.get("/evil") is None
    assert tree.get("/app/evil") is None


def test_dots_within_the_archive_stay_within() -> None:
    assert _read(_archive(("a/../b", b"1", {})), at="/x").file("/x/b").data == b"1"


def test_the_archives_own_root_can_be_left_alone() -> None:
    tree = _read(_archive(("./", b"", {"type": tarfile.DIRTYPE, "mode": 0o700})), top=False)
    assert tree.root.mode == 0o755


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_a_bomb_is_refused_before_it_is_held(compress: Callable[[bytes], bytes]) -> None:
    data = compress(_archive(("zeros", bytes(3 << 20), {})))
    with pytest.raises(ArchiveLimitError):
        _read(data, limits=Limits(total_bytes=1 << 20))


def test_too_many_entries_are_refused() -> None:
    data = _archive(*((f"f{number}", b"", {}) for number in range(11)))
    with pytest.raises(ArchiveLimitError):
        _read(data, limits=Limits(entries=10))


def test_a_size_that_is_a_lie_is_refused() -> None:
    data = bytearray(_archive(("f", b"x" * 100, {})))
    header = tarfile.TarInfo("f")
    header.size = 1 << 40
    data[:512] = header.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(ArchiveError):
        _read(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a tar",
        b"\x1f\x8b",
        b"\x1f\x8bgarbage that is no gzip" * 40,
        b"BZhgarbage" * 100,
        b"\xfd7zXZ\x00garbage" * 100,
        b"\x28\xb5\x2f\xfdgarbage" * 100,
        gzip.compress(b"hello", mtime=0),
        gzip.compress(b"x" * 10_000, mtime=0),
    ],
)
def test_what_is_no_archive_is_not_taken_for_one(data: bytes) -> None:
    assert not is_tar(data)


@pytest.mark.parametrize("size", [100, 600, 1000, 2000])
def test_a_truncated_archive_is_an_error(size: int) -> None:
    whole = gzip.compress(_archive(("f", bytes(range(256)) * 40, {})))
    with pytest.raises(ArchiveError):
        _read(gzip.compress(gzip.decompress(whole)[:size], mtime=0))


@given(st.integers(0, 4095), st.integers(0, 255))
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(position: int, value: int) -> None:
    buffer = io.BytesIO()
    tree = Tree()
    tree.add_file("/a", b"x" * 700, mtime=1)
    tree.add_symlink("/l", "a")
    write_tar(tree, buffer)
    data = bytearray(buffer.getvalue())
    data[position % len(data)] = value
    try:
        _read(bytes(data), limits=Limits(total_bytes=1 << 20))
    except ArchiveError:
        return
