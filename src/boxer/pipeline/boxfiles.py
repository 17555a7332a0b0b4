"""The files of a box that is finished, as a tree.

Belongs here: asking its kernel for them, as a build does for a RUN's; putting a folder on this
machine's disk. Does not: what for.
"""

from __future__ import annotations

from pathlib import Path

from boxer.boxfile import Box
from boxer.errors import StoppedError
from boxer.filetree import Directory, File, Symlink, Tree
from boxer.link import read_tree
from boxer.pipeline.commands import TREE
from boxer.preinit import restore
from boxer.runtime import BuildInstance, load_code


def files_of(box: Box) -> Tree:
    """The files as a run of the box meets them. Raises `StoppedError`, `TreeImageError`."""
    with BuildInstance(load_code(box.code, box.info.code_digest)) as instance:
        restore(instance, box.image)
        address = instance.call(TREE)
        if not address:
            raise StoppedError("The machine had no memory left to hand its files over.")
        return read_tree(instance.read, address & 0xFFFFFFFF)


def write_folder(folder: Directory, path: Path) -> None:
    """Puts what is in a folder of a tree into one of this machine, without owners and devices."""
    for name, node in folder.sorted_entries():
        target = path / name
        if isinstance(node, Directory):
            target.mkdir()
            write_folder(node, target)
            target.chmod(node.mode & 0o777 | 0o700)
        elif isinstance(node, File):
            target.write_bytes(node.data)
            target.chmod(node.mode & 0o777 | 0o600)
        elif isinstance(node, Symlink):
            target.symlink_to(node.target)
