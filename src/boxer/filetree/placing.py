"""A node in a tree for a while: mounts of a RUN, a here-document that is run, what a shell pipes.

Belongs here: putting it there and taking it away with the folders made for it. Does not: what it
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boxer.errors import PathKindError
from boxer.filetree.node import Directory, Node
from boxer.filetree.tree import Tree


@contextmanager
def placed(tree: Tree, target: str, node: Node) -> Iterator[None]:
    """The tree with a node in the place of what is at the target, for the body."""
    path = tree.resolve(target)
    above, _, name = path.rpartition("/")
    if not name:
        raise PathKindError("Nothing can take the place of the root folder.")
    made = _first_missing(tree, above)
    entries = tree.make_directories(above or "/").entries
    present = entries.get(name)
    entries[name] = node
    try:
        yield
    finally:
        folder = tree.get(above or "/")
        if isinstance(folder, Directory):
            folder.entries.pop(name, None)
            if present is not None:
                folder.entries[name] = present
        _remove_empty(tree, above, made)


def _first_missing(tree: Tree, path: str) -> str | None:
    """The topmost folder of a path that is not there."""
    missing = None
    while path and tree.get(path) is None:
        missing, path = path, path.rpartition("/")[0]
    return missing


def _remove_empty(tree: Tree, path: str, top: str | None) -> None:
    """Takes away the folders that were made for a mount point, as far as they are empty."""
    while top is not None and (path == top or path.startswith(top + "/")):
        node = tree.get(path, follow=False)
        if not isinstance(node, Directory) or node.entries:
            return
        tree.remove(path)
        path = path.rpartition("/")[0]
