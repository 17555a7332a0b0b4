"""A file tree as the bytes the kernel reads in place.

Belongs here: writing it. Does not: its layout (`boxer.abi`), where the image lies in memory
(`initialmemory`), keeping compressed data between builds (`pipeline`).

Invariants
1. Entry 0 is the root and its own parent; a parent precedes its children; siblings are sorted by
   the bytes of their names.
2. Equal trees give equal bytes.
3. Data is stored compressed only where that makes it smaller; equal data is stored once.
4. Plain data starts at a multiple of 8, so that the kernel may hand it out where it lies.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from boxer.abi import TREE, TREE_ENTRY, TREE_MAGIC, TreeFlag
from boxer.errors import TooLargeError
from boxer.filetree import Device, Directory, File, Node, Symlink, Tree, name_bytes

# Below this a file is not worth the time to inflate it.
SMALLEST_COMPRESSED = 256

Deflate = Callable[[bytes], bytes]


def deflate(data: bytes) -> bytes:
    """A zlib stream (RFC 1950), as small as zlib can: `pipeline` keeps those of a base's files."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL + 1)
    return packer.compress(data) + packer.flush()


def tree_image(tree: Tree, compress: Deflate = deflate) -> bytes:
    """The tree for the kernel. compress: gives a zlib stream of its argument.

    Raises `TooLargeError` for a tree that does not fit 4 GiB.
    """
    layout = _Layout(compress)
    for parent, name, node in _in_order(tree.root):
        layout.add(parent, name, node)
    return layout.image()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One name. name, data: offsets in the bytes behind the entries."""

    parent: int
    name: int
    name_length: int
    node: Node
    size: int = 0
    data: int = 0
    stored: int = 0
    link: int = 0

    def encode(self, start: int) -> bytes:
        """start: offset in the image of the bytes behind the entries."""
        node = self.node
        return TREE_ENTRY.pack(
            self.parent, start + self.name, self.name_length,
            node.st_mode, node.uid, node.gid, node.mtime, 0,
            self.size, start + self.data, self.stored, self.link, _device_number(node),
        )  # fmt: skip


@dataclass(slots=True)
class _Layout:
    """The entries so far, and the bytes behind them."""

    compress: Deflate
    entries: list[_Entry] = field(default_factory=list)
    pool: bytearray = field(default_factory=bytearray)
    inodes: dict[int, int] = field(default_factory=dict)  # id of a File -> its first entry
    stored: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    names: dict[bytes, int] = field(default_factory=dict)

    def add(self, parent: int, name: bytes, node: Node) -> None:
        entry = _Entry(parent, self._name(name), len(name), node)
        if isinstance(node, File):
            number = len(self.entries)
            first = self.inodes.setdefault(id(node), number)
            data, stored = self._file(node.data)
            link = 0 if first == number else first + 1
            entry = replace(entry, size=len(node.data), data=data, stored=stored, link=link)
        elif isinstance(node, Symlink):
            target = name_bytes(node.target)
            data = self._place(target, 1)
            entry = replace(entry, size=len(target), data=data, stored=len(target))
        self.entries.append(entry)

    def image(self) -> bytes:
        start = TREE.size + len(self.entries) * TREE_ENTRY.size
        total = start + len(self.pool)
        if total >= 1 << 32:
            raise TooLargeError(f"The files of the box take `{total}` bytes; a box has 4 GiB.")
        header = TREE.pack(TREE_MAGIC, len(self.entries), TREE.size, total, TreeFlag.OFFSETS)
        return b"".join([header, *(entry.encode(start) for entry in self.entries), self.pool])

    def _name(self, name: bytes) -> int:
        if name not in self.names:
            self.names[name] = self._place(name, 1)
        return self.names[name]

    def _file(self, data: bytes) -> tuple[int, int]:
        """Where the data is, and how many bytes of it are stored."""
        if data not in self.stored:
            packed = self.compress(data) if len(data) >= SMALLEST_COMPRESSED else data
            if len(packed) < len(data):
                self.stored[data] = self._place(packed, 1), len(packed)
            else:
                self.stored[data] = self._place(data, 8), len(data)
        return self.stored[data]

    def _place(self, data: bytes, alignment: int) -> int:
        # Header and entries are multiples of 8 long: aligned here is aligned in the image.
        self.pool += bytes(-len(self.pool) % alignment)
        offset = len(self.pool)
        self.pool += data
        return offset


def _in_order(root: Directory) -> Iterator[tuple[int, bytes, Node]]:
    """Every node with its parent's entry number and its name: a directory's entries together."""
    yield 0, b"", root
    queue = [(0, root)]
    number = 0
    for parent, directory in queue:
        for name, node in directory.sorted_entries():
            number += 1
            yield parent, name_bytes(name), node
            if isinstance(node, Directory):
                queue.append((number, node))


def _device_number(node: Node) -> int:
    """Linux's 32-bit encoding (`new_encode_dev`): minor bits 0-7, major, the rest of minor."""
    if not isinstance(node, Device):
        return 0
    return (node.minor & 0xFF) | node.major << 8 | (node.minor & ~0xFF) << 12
