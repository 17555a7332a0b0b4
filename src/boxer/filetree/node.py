"""What a file tree is made of: files, directories, symbolic links, devices.

Belongs here: the values. Does not: paths and their walk (`tree`), archives (`tarreading`).

Invariants
1. `mode` holds permission bits only (0..0o7777); the kind of a node is its class.
2. File data is `bytes`, never changed in place, so that copies of a tree share it.
3. Two names of one file (hard links) hold the same `File` object.
4. A `Directory` has one parent: the same `Directory` object never stands in two places.
5. A node is equal to itself alone, as an inode is. Who remembers nodes has them as keys, not their
   `id()`, which another has once they are gone.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import Literal

DeviceKind = Literal["char", "block", "fifo"]

_DEVICE_FORMAT = {"char": stat.S_IFCHR, "block": stat.S_IFBLK, "fifo": stat.S_IFIFO}


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """One inode. mtime: whole seconds since 1970, UTC."""

    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0

    @property
    def st_mode(self) -> int:
        """The mode with the bits of the kind (`S_IFMT`), as stat(2) gives it."""
        return self.mode | self._format()

    def _format(self) -> int:
        raise NotImplementedError


@dataclass(slots=True, kw_only=True, eq=False)
class File(Node):
    mode: int = 0o644
    data: bytes = b""

    def _format(self) -> int:
        return stat.S_IFREG


@dataclass(slots=True, kw_only=True, eq=False)
class Directory(Node):
    mode: int = 0o755
    entries: dict[str, Node] = field(default_factory=dict)

    def _format(self) -> int:
        return stat.S_IFDIR

    def sorted_entries(self) -> list[tuple[str, Node]]:
        """The entries in the order of their names' bytes."""
        return sorted(self.entries.items(), key=_entry_key)


@dataclass(slots=True, kw_only=True, eq=False)
class Symlink(Node):
    mode: int = 0o777
    target: str = ""

    def _format(self) -> int:
        return stat.S_IFLNK


@dataclass(slots=True, kw_only=True, eq=False)
class Device(Node):
    """A device node or a named pipe. major and minor are 0 for a pipe."""

    mode: int = 0o644
    kind: DeviceKind = "char"
    major: int = 0
    minor: int = 0

    def _format(self) -> int:
        return _DEVICE_FORMAT[self.kind]


def name_bytes(name: str) -> bytes:
    """A name as Linux stores it. Bytes that are not UTF-8 travel as surrogates (PEP 383)."""
    return name.encode("utf-8", "surrogateescape")


def name_text(name: bytes) -> str:
    """The inverse of `name_bytes`."""
    return name.decode("utf-8", "surrogateescape")


def copy_node(node: Node, seen: dict[Node, Node]) -> Node:
    """A deep copy that shares file data. seen: what was copied, so that links stay links."""
    known = seen.get(node)
    if known is not None:
        return known
    copied = shallow_copy(node)
    seen[node] = copied
    if isinstance(node, Directory) and isinstance(copied, Directory):
        copied.entries = {name: copy_node(child, seen) for name, child in node.entries.items()}
    return copied


def shallow_copy(node: Node) -> Node:
    """A new node with the same attributes; file data is shared, a folder is empty."""
    mode, uid, gid, mtime = node.mode, node.uid, node.gid, node.mtime
    match node:
        case File():
            return File(mode=mode, uid=uid, gid=gid, mtime=mtime, data=node.data)
        case Directory():
            return Directory(mode=mode, uid=uid, gid=gid, mtime=mtime)
        case Symlink():
            return Symlink(mode=mode, uid=uid, gid=gid, mtime=mtime, target=node.target)
        case Device():
            return Device(
                mode=mode,
                uid=uid,
                gid=gid,
                mtime=mtime,
                kind=node.kind,
                major=node.major,
                minor=node.minor,
            )
        case _:
            raise TypeError(f"not a node of a tree: {type(node).__name__}")


def _entry_key(entry: tuple[str, Node]) -> bytes:
    return name_bytes(entry[0])
