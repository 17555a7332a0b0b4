"""A tree as a tar archive.

Belongs here: pax archives written to a file object. Does not: reading them (`tarreading`).

Invariants
1. The same tree is always written as the same bytes: order of the walk, no user names, no clock.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from typing import BinaryIO

from boxer.filetree.node import Device, Directory, File, Node, Symlink
from boxer.filetree.tree import Tree


def write_tar(tree: Tree, fileobj: BinaryIO, top: bool = True) -> None:
    """Writes the whole tree as a pax archive, root first, names without a leading slash.

    top: the root itself has an entry (`.`).
    """
    named = ((path.lstrip("/") or ".", node) for path, node in tree.walk())
    write_entries(((name, node) for name, node in named if top or name != "."), fileobj)


def write_entries(entries: Iterable[tuple[str, Node]], fileobj: BinaryIO) -> None:
    """Writes nodes as a pax archive by the names they are to have in it, in their order."""
    first_names: dict[Node, str] = {}
    with tarfile.open(fileobj=fileobj, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, node in entries:
            first = first_names.setdefault(node, name)
            data = node.data if isinstance(node, File) and first == name else b""
            archive.addfile(_header(name, node, first, len(data)), io.BytesIO(data))


def _header(name: str, node: Node, first: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.mode, header.uid, header.gid = node.mode, node.uid, node.gid
    header.mtime, header.size = node.mtime, size
    match node:
        case Directory():
            header.type = tarfile.DIRTYPE
        case Symlink():
            header.type, header.linkname = tarfile.SYMTYPE, node.target
        case Device():
            types = {"char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE, "fifo": tarfile.FIFOTYPE}
            header.type = types[node.kind]
            header.devmajor, header.devminor = node.major, node.minor
        case _ if first != name:
            header.type, header.linkname = tarfile.LNKTYPE, first
    return header
