"""Trees have a depth, a number of names and a size, whatever makes them."""

from __future__ import annotations

import io
import tarfile

import pytest

from boxer.errors import ArchiveError, ArchiveLimitError, DepthError, InputTooLargeError
from boxer.filetree import DEEPEST, Directory, Limits, Tree, read_tar, require_room, usage

DEEP = "/a" * (DEEPEST + 1)


def test_no_name_is_made_below_too_many_folders() -> None:
    tree = Tree()
    with pytest.raises(DepthError, match="256"):
        tree.make_directories(DEEP)
    with pytest.raises(DepthError):
        tree.add_file(DEEP + "/f", b"")
    tree.make_directories("/a" * DEEPEST)
    tree.copy()
    assert usage(tree).depth == DEEPEST


def test_a_folder_is_not_moved_or_put_where_its_own_would_be_too_deep() -> None:
    tree = Tree()
    half = "/b" + "/a" * (DEEPEST // 2)
    tree.make_directories(half)
    tree.make_directories("/c" * (DEEPEST // 2 + 1))
    with pytest.raises(DepthError):
        tree.rename("/b", "/c" * (DEEPEST // 2 + 1) + "/b")
    moved = tree.directory("/b")
    with pytest.raises(DepthError):
        tree.put("/c" * (DEEPEST // 2 + 1) + "/b", moved)
    assert tree.get(half) is not None


def test_a_link_makes_no_way_around_the_depth() -> None:
    tree = Tree()
    tree.make_directories("/a" * (DEEPEST - 1))
    tree.add_symlink("/s", "/a" * (DEEPEST - 1))
    with pytest.raises(DepthError):
        tree.make_directories("/s/b/c")


def test_a_tree_that_was_made_too_deep_is_found_out() -> None:
    tree = Tree()
    here = tree.root
    for _ in range(3000):
        inner = Directory()
        here.entries["a"] = inner
        here = inner
    with pytest.raises(DepthError):
        require_room(tree)
    while tree.root.entries:  # taken apart without recursion
        inner = tree.root.entries["a"]  # type: ignore[assignment]
        tree.root.entries = inner.entries


def test_a_tree_has_a_number_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxer.filetree.room.MOST_NAMES", 3)
    tree = Tree()
    tree.add_file("/a", b"")
    tree.add_file("/b", b"")
    require_room(tree)
    tree.add_file("/c", b"")
    with pytest.raises(InputTooLargeError, match="4 names"):
        require_room(tree)


def test_links_count_their_bytes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxer.filetree.room.MOST_BYTES", 10)
    tree = Tree()
    tree.add_file("/a", b"x" * 9)
    tree.add_link("/b", "/a")
    require_room(tree)
    tree.add_file("/c", b"xx")
    with pytest.raises(InputTooLargeError):
        require_room(tree)


def _archive(**fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("f")
        for name, value in fields.items():
            setattr(entry, name, value)
        archive.addfile(entry)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _archive(pax_headers={"mtime": "1e400"}),
        _archive(pax_headers={"mtime": "nan"}),
        _archive(type=tarfile.LNKTYPE, linkname="f"),
        _archive(name="a/" * 1500 + "f"),
        _archive(pax_headers={"path": "../f"}),
    ],
    ids=["time", "no time", "link to itself", "depth", "path"],
)
def test_entries_that_make_no_sense_are_a_bad_archive(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        read_tar(Tree(), io.BytesIO(data))


def test_times_outside_of_what_files_have_are_the_nearest() -> None:
    tree = Tree()
    read_tar(tree, io.BytesIO(_archive(pax_headers={"mtime": "1e300"})))
    assert tree.file("/f").mtime == (1 << 33) - 1
    read_tar(tree, io.BytesIO(_archive(pax_headers={"mtime": "-1e300"})))
    assert tree.file("/f").mtime == 0


def test_an_archive_has_a_number_of_entries() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(4):
            archive.addfile(tarfile.TarInfo(str(number)))
    with pytest.raises(ArchiveLimitError, match="3 entries"):
        read_tar(Tree(), io.BytesIO(out.getvalue()), limits=Limits(entries=3))
