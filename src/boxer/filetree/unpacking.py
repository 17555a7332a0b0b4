"""A tree as files of the host.

Belongs here: writing one below a folder of ours. Does not: reading the host's files
(`boxer.instructions.context`).

Invariant: nothing outside of the folder is written to. Links are made last, so that none is walked
through, and no owner is changed.
"""

from __future__ import annotations

import os
from pathlib import Path

from boxer.filetree.node import Directory, File, Node, Symlink, name_bytes
from boxer.filetree.tree import Tree

_OWN = 0o700


def write_below(tree: Tree, folder: Path) -> None:
    """Writes files, folders and links into an empty folder; devices are left out. Raises OSError.

    Modes are kept but for the owner's own rights, which a build needs to read and to clean up.
    """
    top = os.fsencode(folder)
    links: list[tuple[bytes, Symlink]] = []
    written: dict[Node, bytes] = {}
    for path, node in tree.walk():
        place = top + name_bytes(path.rstrip("/"))
        if isinstance(node, Directory):
            _make_folder(Path(os.fsdecode(place)), node.mode | _OWN)
        elif isinstance(node, Symlink):
            links.append((place, node))
        elif isinstance(node, File) and node in written:
            os.link(written[node], place)
        elif isinstance(node, File):
            _write(place, node)
            written[node] = place
    for place, link in links:
        Path(os.fsdecode(place)).symlink_to(os.fsdecode(name_bytes(link.target)))


def _make_folder(place: Path, mode: int) -> None:
    place.mkdir(exist_ok=True)
    place.chmod(mode)


def _write(place: bytes, node: File) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(node.data)
        file.flush()  # a later write would set the time again
        os.fchmod(descriptor, node.mode | 0o600)
        os.utime(descriptor, (node.mtime, node.mtime))
