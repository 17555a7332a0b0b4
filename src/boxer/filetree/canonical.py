"""One digest for one tree.

Belongs here: the canonical form of a tree and its sha256. Does not: any format that is read back.

The form is a sequence of records, one a node in the order of the walk. A record is the fields
below, each as a length (u64, little-endian) and its bytes, so that no two trees have one form:
path, st_mode and uid and gid and mtime in decimal, then per kind: sha256 of a file's data or the
path of the first name of the same file; a link's target; a device's numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from boxer.filetree.node import Device, File, Node, Symlink, name_bytes


def digest_of(nodes: Iterable[tuple[str, Node]]) -> str:
    """sha256 (hex) of the canonical form of what a walk gives."""
    total = hashlib.sha256()
    first_names: dict[Node, str] = {}
    for path, node in nodes:
        head = f"{node.st_mode:o} {node.uid} {node.gid} {node.mtime}".encode()
        for field in (name_bytes(path), head, _content(path, node, first_names)):
            total.update(len(field).to_bytes(8, "little"))
            total.update(field)
    return total.hexdigest()


def _content(path: str, node: Node, first_names: dict[Node, str]) -> bytes:
    match node:
        case File():
            first = first_names.setdefault(node, path)
            if first != path:
                return b"link " + name_bytes(first)
            return b"data " + hashlib.sha256(node.data).digest()
        case Symlink():
            return name_bytes(node.target)
        case Device():
            return f"{node.kind} {node.major} {node.minor}".encode()
        case _:
            return b""
