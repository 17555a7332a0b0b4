"""A file tree as the bytes the kernel reads in place.

Belongs here: writing it. Does not: its layout (`boxer.abi`), where the image lies in memory
(`initialmemory`), keeping compressed data between builds (`pipeline`).

Invariants
1. Entry 0 is the root and its own parent; a parent precedes its children; siblings are sorted by
   the bytes of their names.
2. Equal trees give equal bytes.
3. Data is stored compressed only where that makes it smaller; equal data is stored once. Files of a
   block share what is stored; of a block more than half is files of the tree.
4. Plain data starts at a multiple of 8, so that the kernel may hand it out where it lies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from boxer.abi import TREE, TREE_ENTRY, TREE_MAGIC, TreeFlag
from boxer.errors import TooLargeError
from boxer.filetree import Device, Directory, File, Node, Symlink, Tree, name_bytes
from boxer.link.blocks import Block
from boxer.link.deflating import SMALLEST_COMPRESSED, Deflate, deflate


def tree_image(tree: Tree, compress: Deflate = deflate, blocks: Sequence[Block] = ()) -> bytes:
    """The tree for the kernel. compress: gives a zlib stream of its argument. blocks: what files of
    it may lie in.

    Raises `TooLargeError` for a tree that does not fit 4 GiB.
    """
    layout = _Layout(compress, _worthwhile(tree, blocks))
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
    block: int = 0
    offset: int = 0

    def encode(self, start: int) -> bytes:
        """start: offset in the image of the bytes behind the entries."""
        node = self.node
        return TREE_ENTRY.pack(
            self.parent, start + self.name, self.name_length,
            node.st_mode, node.uid, node.gid, node.mtime, 0,
            self.size, start + self.data, self.stored, self.link, _device_number(node),
            self.block, self.offset,
        )  # fmt: skip


@dataclass(slots=True)
class _Layout:
    """The entries so far, and the bytes behind them."""

    compress: Deflate
    blocks: dict[bytes, Block]  # by the sha256 of a file's data
    entries: list[_Entry] = field(default_factory=list)
    pool: bytearray = field(default_factory=bytearray)
    inodes: dict[Node, int] = field(default_factory=dict)  # a File -> its first entry
    stored: dict[bytes, tuple[int, int, int, int]] = field(default_factory=dict)
    placed: dict[int, int] = field(default_factory=dict)  # id of a Block -> where it is
    names: dict[bytes, int] = field(default_factory=dict)

    def add(self, parent: int, name: bytes, node: Node) -> None:
        entry = _Entry(parent, self._name(name), len(name), node)
        if isinstance(node, File):
            number = len(self.entries)
            first = self.inodes.setdefault(node, number)
            data, stored, block, offset = self._file(node.data)
            link = 0 if first == number else first + 1
            entry = replace(
                entry, size=len(node.data), data=data, stored=stored, link=link, block=block,
                offset=offset,
            )  # fmt: skip
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

    def _file(self, data: bytes) -> tuple[int, int, int, int]:
        """Where the data is, how many bytes are stored, and of a block: its size, and where the
        file begins in it."""
        if data not in self.stored:
            digest = hashlib.sha256(data).digest() if self.blocks else b""
            block = self.blocks.get(digest)
            packed = data
            if not block and len(data) >= SMALLEST_COMPRESSED:
                packed = self.compress(data)
            if block:
                offset, _ = block.places[digest]
                self.stored[data] = self._block(block), len(block.stored), block.size, offset
            elif len(packed) < len(data):
                self.stored[data] = self._place(packed, 1), len(packed), 0, 0
            else:
                self.stored[data] = self._place(data, 8), len(data), 0, 0
        return self.stored[data]

    def _block(self, block: Block) -> int:
        if id(block) not in self.placed:
            self.placed[id(block)] = self._place(block.stored, 1)
        return self.placed[id(block)]

    def _place(self, data: bytes, alignment: int) -> int:
        # Header and entries are multiples of 8 long: aligned here is aligned in the image.
        self.pool += bytes(-len(self.pool) % alignment)
        offset = len(self.pool)
        self.pool += data
        return offset


def _worthwhile(tree: Tree, blocks: Sequence[Block]) -> dict[bytes, Block]:
    """By the sha256 of a file's data, the block it is put into: those of which most is there."""
    if not blocks:
        return {}
    there = {
        hashlib.sha256(node.data).digest() for _, node in tree.walk() if isinstance(node, File)
    }
    return {
        digest: block
        for block in blocks
        if 2 * sum(size for digest, (_, size) in block.places.items() if digest in there)
        > block.size
        for digest in block.places
    }


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
