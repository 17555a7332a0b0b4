"""Files that are compressed together: many small ones have much in common.

Belongs here: which files of a base lie in one block, and its bytes. Does not: where blocks lie in a
tree image (`treeimage`), keeping them between builds (`pipeline`).

A file is read by inflating its block. So a block is small, and what every start reads
(programs, /etc) is in none.

Invariants
1. Equal trees have equal blocks.
2. A block is never larger than its files' zlib streams together.
"""

from __future__ import annotations

import hashlib
import lzma
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from boxer.filetree import File, Tree
from boxer.link.deflating import SMALLEST_COMPRESSED, deflate

# Bytes of files in a block, but for a file that is larger.
LARGEST_BLOCK = 128 << 10
# A file from here on is no better off among others.
LARGEST_SHARED = 48 << 10
SMALLEST_FILE = 64
# What does not change while a program runs, in the Filesystem Hierarchy Standard's words.
UNCHANGING = "/usr/"
# .lzma: for text, with a window as large as a block; the kernel knows it by its first byte.
_FILTER = {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}
SMALLEST_WINDOW = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """stored: its bytes, compressed. size: of its files, one behind the other. places: where a
    file begins and how long it is, by the sha256 of its data."""

    stored: bytes
    size: int
    places: dict[bytes, tuple[int, int]]


def blocks_of(tree: Tree) -> list[Block]:
    """The blocks of a base's tree."""
    return [block for group in _groups(tree) if (block := _block(group))]


def _groups(tree: Tree) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    size = 0
    for data in _contents(tree):
        if group and size + len(data) > LARGEST_BLOCK:
            yield group
            group, size = [], 0
        group.append(data)
        size += len(data)
    if group:
        yield group


def _contents(tree: Tree) -> list[bytes]:
    """What may lie in blocks: likes beside likes, each once."""
    found: dict[bytes, tuple[bool, str, str]] = {}
    for path, node in tree.walk():
        if not isinstance(node, File) or node.mode & 0o111 or len(node.data) < SMALLEST_FILE:
            continue
        if path.startswith(UNCHANGING):
            kind = posixpath.splitext(path)[1]
            found.setdefault(node.data, (len(node.data) >= LARGEST_SHARED, kind, path))
    return sorted(found, key=lambda data: found[data])


def _block(group: list[bytes]) -> Block | None:
    data = b"".join(group)
    alone = sum(
        len(deflate(file)) if len(file) >= SMALLEST_COMPRESSED else len(file) for file in group
    )
    window = max(SMALLEST_WINDOW, len(data))
    stored = lzma.compress(data, lzma.FORMAT_ALONE, filters=[{**_FILTER, "dict_size": window}])
    if len(stored) >= alone:
        return None
    places = {}
    at = 0
    for file in group:
        places[hashlib.sha256(file).digest()] = at, len(file)
        at += len(file)
    return Block(stored, len(data), places)
