from __future__ import annotations

import contextlib
import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.errors import TreeImageError
from boxer.filetree import Device, Tree
from boxer.link import blocks_of, read_tree, tree_image


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


def library() -> Tree:
    tree = Tree()
    for number in range(300):
        data = f"def function_{number}(value):\n    return value + {number}\n" * (number % 40)
        tree.add_file(f"/usr/lib/one/m{number}.py", data.encode())
    tree.add_file("/usr/bin/program", b"#!/bin/sh\n" * 20, mode=0o755)
    tree.add_file("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n" * 20)
    tree.add_file("/usr/lib/large", bytes(range(256)) * 1000)
    return tree


IN_BLOCKS = tree_image(library(), blocks=blocks_of(library()))


def test_files_in_blocks_are_read_back() -> None:
    tree = library()
    assert len(IN_BLOCKS) < len(tree_image(tree))
    assert tree_image(reader(IN_BLOCKS)) == tree_image(tree)
    assert all(block.stored in IN_BLOCKS and block.stored[0] == 4 for block in blocks_of(tree))


def test_a_block_of_which_little_is_left_is_left_out() -> None:
    tree, blocks = library(), blocks_of(library())
    for number in range(10, 300):
        tree.remove(f"/usr/lib/one/m{number}.py")
    image = tree_image(tree, blocks=blocks)
    assert tree_image(reader(image)) == tree_image(tree)
    assert not any(block.stored in image for block in blocks if len(block.places) > 1)


def test_what_a_start_reads_is_in_no_block() -> None:
    digests = {digest for block in blocks_of(library()) for digest in block.places}
    for path in ("/usr/bin/program", "/etc/passwd"):
        assert hashlib.sha256(library().file(path).data).digest() not in digests


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(IN_BLOCKS) // 4 - 1), st.integers(0, 2**32 - 1))
def test_a_lying_image_of_blocks_is_a_tree_or_an_error(place: int, value: int) -> None:
    image = bytearray(IN_BLOCKS)
    image[place * 4 : place * 4 + 4] = value.to_bytes(4, "little")
    with contextlib.suppress(TreeImageError):
        reader(bytes(image))


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
