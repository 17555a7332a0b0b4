from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.errors import TreeImageError
from boxer.filetree import Device, Tree
from boxer.link import read_tree, tree_image


def reader(image: bytes, at: int = 0) -> Tree:
    memory = bytes(at) + image

    def read(address: int, size: int) -> bytes:
        if address + size > len(memory):
            raise IndexError
        return memory[address : address + size]

    return read_tree(read, at)


def sample() -> Tree:
    tree = Tree()
    tree.add_file("/app/main.py", b"print(1)\n" * 100, mode=0o640, uid=3, gid=4, mtime=5)
    tree.add_file("/app/empty", b"")
    tree.add_link("/app/other", "/app/main.py")
    tree.add_symlink("/bin", "usr/bin")
    tree.put("/dev/tty", Device(kind="char", major=5, minor=0x1FF))
    tree.put("/dev/pipe", Device(kind="fifo"))
    tree.make_directories("/tmp", mode=0o1777)
    return tree


IMAGE = tree_image(sample())


@pytest.mark.parametrize("at", [0, 4096])
def test_what_was_written_is_read(at: int) -> None:
    assert reader(IMAGE, at).digest() == sample().digest()


def test_hard_links_stay_one_file() -> None:
    tree = reader(IMAGE)
    assert tree.get("/app/main.py") is tree.get("/app/other")


def test_addresses_instead_of_offsets() -> None:
    moved = bytearray(IMAGE)
    count, entries = struct.unpack_from("<II", moved, 8)
    struct.pack_into("<I", moved, 12, entries + 100)
    struct.pack_into("<I", moved, 20, 1)
    for number in range(count):
        for field in (4, 40):
            at = entries + 64 * number + field
            struct.pack_into("<I", moved, at, struct.unpack_from("<I", moved, at)[0] + 100)
    assert reader(bytes(moved), 100).digest() == sample().digest()


@settings(max_examples=500)
@given(position=st.integers(0, len(IMAGE) - 1), value=st.integers(0, 255))
def test_any_changed_byte_is_a_tree_or_an_error(position: int, value: int) -> None:
    with contextlib.suppress(TreeImageError):
        reader(IMAGE[:position] + bytes([value]) + IMAGE[position + 1 :])


@given(size=st.integers(0, len(IMAGE)))
def test_any_cut_is_a_tree_or_an_error(size: int) -> None:
    with contextlib.suppress(TreeImageError):
        reader(IMAGE[:size])
