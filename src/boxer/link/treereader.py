"""A tree image read back: what a program of a build left in its file system.

Belongs here: the inverse of `treeimage`. Does not: getting the kernel to write an image
(`pipeline`).

Source: abi/boot.toml. The kernel writes with the flag ADDRESSES: what the layout calls
an offset in the image is then an address in linear memory, so that it need not copy file data.

Invariants
1. `read_tree(tree_image(t)) == t`, but for the order of names.
2. The image was written by a program that may lie: whatever it holds, the result is a tree or
   `TreeImageError`; nothing is allocated that the memory does not hold, or beyond the sizes stated.
"""

from __future__ import annotations

import lzma
import stat
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from boxer.abi import TREE, TREE_ENTRY, TREE_MAGIC, TreeFlag
from boxer.errors import TreeImageError
from boxer.filetree import (
    Device,
    DeviceKind,
    Directory,
    File,
    Node,
    Symlink,
    Tree,
    name_text,
    require_depth,
)

# The first byte of what `blocks` writes; what liblzma takes beside its window.
LZMA_HEAD = b"\x04"
LZMA_ITSELF = 1 << 20
# Reads `size` bytes at an address; raises IndexError outside of the memory.
Read = Callable[[int, int], bytes]
# The kernel's own limit is its memory; these keep a lying image from eating the host's.
MOST_ENTRIES = 1 << 18
MOST_DATA = 1 << 32
MOST_BLOCK = 4 << 20
LONGEST_NAME = 255  # NAME_MAX
_DEVICES: dict[int, DeviceKind] = {
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """An entry with the fields this reader looks at."""

    parent: int
    name: bytes
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int
    data: int
    stored: int
    link: int
    rdev: int
    block: int
    offset: int


def read_tree(read: Read, address: int = 0) -> Tree:
    """The tree whose image begins at `address`. Raises `TreeImageError`, `DepthError`."""
    try:
        magic, count, entries, _, flags = TREE.unpack(read(address, TREE.size))
        if magic != TREE_MAGIC or flags not in tuple(TreeFlag) or not 0 < count <= MOST_ENTRIES:
            raise _bad("its header")
        base = 0 if flags == TreeFlag.ADDRESSES else address
        table = read(base + entries, count * TREE_ENTRY.size)
        rows = [_row(read, base, fields) for fields in TREE_ENTRY.iter_unpack(table)]
    except IndexError:
        raise _bad("an address") from None
    return _Builder(read, rows).tree()


def _row(read: Read, base: int, fields: tuple[int, ...]) -> _Row:
    parent, name, length, mode, uid, gid, mtime, _, size, data, stored, link, *rest = fields
    if length > LONGEST_NAME:
        raise _bad("a name")
    return _Row(
        parent, read(base + name, length), mode, uid, gid, mtime, size, base + data, stored, link,
        *rest,
    )  # fmt: skip


class _Builder:
    def __init__(self, read: Read, rows: list[_Row]) -> None:
        self._read = read
        self._rows = rows
        self._rest = MOST_DATA
        self._blocks: dict[tuple[int, int, int], bytes] = {}

    def tree(self) -> Tree:
        root = self._node(self._rows[0])
        if not isinstance(root, Directory):
            raise _bad("its root")
        made: list[Node] = [root]
        depths = [0]
        for number, row in enumerate(self._rows[1:], 1):
            if row.parent >= number or row.link > number:
                raise _bad("an entry's place")
            parent = made[row.parent]
            node = made[row.link - 1] if row.link else self._node(row)
            name = name_text(row.name)
            if not isinstance(parent, Directory) or (row.link and isinstance(node, Directory)):
                raise _bad("an entry's parent")
            if name in ("", ".", "..") or "/" in name or "\0" in name or name in parent.entries:
                raise _bad("a name")
            require_depth(name, depths[row.parent] + 1)
            parent.entries[name] = node
            made.append(node)
            depths.append(depths[row.parent] + 1)
        return Tree(root)

    def _node(self, row: _Row) -> Node:
        mode, uid, gid, mtime = stat.S_IMODE(row.mode), row.uid, row.gid, row.mtime
        kind = stat.S_IFMT(row.mode)
        if kind == stat.S_IFDIR:
            return Directory(mode=mode, uid=uid, gid=gid, mtime=mtime)
        if kind == stat.S_IFREG:
            return File(mode=mode, uid=uid, gid=gid, mtime=mtime, data=self._data(row))
        if kind == stat.S_IFLNK:
            target = name_text(self._data(row))
            return Symlink(mode=mode, uid=uid, gid=gid, mtime=mtime, target=target)
        return _device(row)

    def _data(self, row: _Row) -> bytes:
        self._rest -= row.size
        if row.stored > (row.block or row.size) or self._rest < 0:
            raise _bad("a size")
        if row.block:
            if row.block > MOST_BLOCK or row.offset + row.size > row.block:
                raise _bad("a size")
            return self._block(row)[row.offset : row.offset + row.size]
        return self._stored(row.data, row.stored, row.size)

    def _block(self, row: _Row) -> bytes:
        place = row.data, row.stored, row.block
        if place not in self._blocks:
            self._rest -= row.block
            if self._rest < 0:
                raise _bad("a size")
            self._blocks[place] = self._stored(*place)
        return self._blocks[place]

    def _stored(self, address: int, stored: int, size: int) -> bytes:
        try:
            data = self._read(address, stored)
        except IndexError:
            raise _bad("an address") from None
        return data if stored == size else _inflated(data, size)


def _inflated(stored: bytes, size: int) -> bytes:
    """Raises `TreeImageError` for what is not exactly `size` bytes, compressed."""
    try:
        if stored[:1] == LZMA_HEAD:
            unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=size + LZMA_ITSELF)
            data = unpacker.decompress(stored, size)
        else:
            data = zlib.decompressobj().decompress(stored, size)
    except (zlib.error, lzma.LZMAError, EOFError):
        raise _bad("compressed data") from None
    if len(data) != size:
        raise _bad("compressed data")
    return data


def _device(row: _Row) -> Node:
    kind = stat.S_IFMT(row.mode)
    if kind == stat.S_IFSOCK:  # a bound socket's name: nothing of it outlives its program
        return File(mode=stat.S_IMODE(row.mode), uid=row.uid, gid=row.gid, mtime=row.mtime)
    if kind not in _DEVICES:
        raise _bad("a file's type")
    return Device(
        mode=stat.S_IMODE(row.mode),
        uid=row.uid,
        gid=row.gid,
        mtime=row.mtime,
        kind=_DEVICES[kind],
        major=row.rdev >> 8 & 0xFFF,
        minor=row.rdev & 0xFF | row.rdev >> 12 & 0xFFF00,
    )


def _bad(what: str) -> TreeImageError:
    return TreeImageError(f"The program left a file system that cannot be read: {what} is wrong.")
