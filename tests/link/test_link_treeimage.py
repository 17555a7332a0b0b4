from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from boxer.filetree import Device, Tree
from boxer.link import tree_image


@dataclass
class Read:
    """One entry as a reader that knows only the documented layout sees it."""

    path: str
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int
    data: bytes
    plain: bool
    data_offset: int
    link: int
    rdev: int


def word(image: bytes, at: int) -> int:
    return int.from_bytes(image[at : at + 4], "little")


def read(image: bytes) -> list[Read]:
    assert image[:8] == b"BXTREE01"
    assert word(image, 16) == len(image)
    assert word(image, 20) == 0
    found: list[Read] = []
    last: tuple[int, bytes] = (-1, b"")
    for number in range(word(image, 8)):
        at = word(image, 12) + 64 * number
        parent, name_at = word(image, at), word(image, at + 4)
        name = image[name_at : name_at + word(image, at + 8)]
        assert parent < number or number == 0
        if number:
            assert (parent, name) > last or parent != last[0]
            last = (parent, name)
        size, data_at, stored = (word(image, at + k) for k in (36, 40, 44))
        raw = image[data_at : data_at + stored]
        assert len(raw) == stored <= size
        found.append(
            Read(
                path=f"{found[parent].path.rstrip('/')}/{name.decode()}" if number else "/",
                mode=word(image, at + 12),
                uid=word(image, at + 16),
                gid=word(image, at + 20),
                mtime=struct.unpack_from("<q", image, at + 24)[0],
                size=size,
                data=raw if stored == size else zlib.decompress(raw),
                plain=stored == size,
                data_offset=data_at,
                link=word(image, at + 48),
                rdev=word(image, at + 52),
            )
        )
    return found


def by_path(image: bytes) -> dict[str, Read]:
    return {entry.path: entry for entry in read(image)}


def test_empty_tree_is_its_root() -> None:
    (root,) = read(tree_image(Tree()))
    assert (root.path, root.mode) == ("/", stat.S_IFDIR | 0o755)


def test_files_keep_mode_owner_time_and_data() -> None:
    tree = Tree()
    tree.add_file("/app/run.sh", b"#!/bin/sh\n", mode=0o4750, uid=7, gid=8, mtime=-5)
    entry = by_path(tree_image(tree))["/app/run.sh"]
    assert (entry.mode, entry.uid, entry.gid, entry.mtime) == (stat.S_IFREG | 0o4750, 7, 8, -5)
    assert entry.data == b"#!/bin/sh\n"


def test_compressible_file_is_a_zlib_stream_and_others_are_plain() -> None:
    tree = Tree()
    noise = bytes(i * i * 7 % 251 ^ i * 31 % 256 for i in range(300))
    tree.add_file("/text", b"again and " * 1000)
    tree.add_file("/noise", noise)
    tree.add_file("/small", b"aaaaaaaaaaaaaaaaaaaaaaaa")
    entries = by_path(tree_image(tree))
    assert not entries["/text"].plain
    assert entries["/text"].data == b"again and " * 1000
    assert entries["/noise"].plain
    assert entries["/noise"].data == noise
    assert entries["/small"].plain


def test_plain_data_is_aligned() -> None:
    tree = Tree()
    for size in range(1, 20):
        tree.add_file(f"/{size:03}", b"x" * size)
    assert all(e.data_offset % 8 == 0 for e in read(tree_image(tree)) if e.size)


def test_symlink_holds_its_target() -> None:
    tree = Tree()
    tree.add_symlink("/bin", "usr/bin")
    entry = by_path(tree_image(tree))["/bin"]
    assert stat.S_ISLNK(entry.mode)
    assert entry.data == b"usr/bin"


def test_hard_link_names_the_earlier_entry() -> None:
    tree = Tree()
    tree.add_file("/a/one", b"x")
    tree.add_link("/b/two", "/a/one")
    entries = read(tree_image(tree))
    numbers = {entry.path: number for number, entry in enumerate(entries)}
    assert entries[numbers["/a/one"]].link == 0
    assert entries[numbers["/b/two"]].link == numbers["/a/one"] + 1


def test_equal_data_is_stored_once() -> None:
    tree = Tree()
    tree.add_file("/a", b"same" * 500)
    tree.add_file("/b", b"same" * 500)
    entries = by_path(tree_image(tree))
    assert entries["/a"].data_offset == entries["/b"].data_offset
    assert entries["/b"].link == 0


def test_device_number_is_linux() -> None:
    tree = Tree()
    tree.put("/tty", Device(kind="char", major=5, minor=0x1FF))
    entry = by_path(tree_image(tree))["/tty"]
    assert stat.S_ISCHR(entry.mode)
    assert entry.rdev == 0xFF | 5 << 8 | 0x100 << 12


NAMES = st.text("abé", min_size=1, max_size=3)


@given(st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.binary()))
def test_every_tree_is_read_back(files: dict[str, bytes]) -> None:
    tree = Tree()
    for path, data in files.items():
        if tree.get(path) is None and not any(
            tree.get("/".join(path.split("/")[:n])) is not None
            and "/".join(path.split("/")[:n]) in files
            for n in range(1, path.count("/") + 1)
        ):
            tree.add_file(path, data)
    image = tree_image(tree)
    assert {e.path for e in read(image)} == {path for path, _ in tree.walk()}
    assert image == tree_image(tree.copy())
