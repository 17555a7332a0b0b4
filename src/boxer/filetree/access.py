"""Whether a user may touch a node: the permission bits.

Source: path_resolution(7), "Permissions".
"""

from __future__ import annotations

from boxer.errors import SymlinkLoopError
from boxer.filetree.accounts import Ids
from boxer.filetree.node import Directory, Node
from boxer.filetree.tree import Tree

READ, WRITE, EXECUTE = 4, 2, 1


def permitted(node: Node, user: Ids, wanted: int) -> bool:
    """Whether a user may do what is wanted, one or more of READ, WRITE and EXECUTE (in a folder:
    search) together."""
    if user.uid == 0:
        return True
    if user.uid == node.uid:
        granted = node.mode >> 6
    elif node.gid == user.gid or node.gid in user.groups:
        granted = node.mode >> 3
    else:
        granted = node.mode
    return granted & wanted == wanted


def searchable(tree: Tree, path: str, user: Ids) -> bool:
    """Whether a user may search every folder on the way to a path's last name."""
    if user.uid == 0:
        return True
    try:
        here = tree.resolve(path.rpartition("/")[0])
    except SymlinkLoopError:
        return True
    parts = [part for part in here.split("/") if part]
    folders = (tree.get("/" + "/".join(parts[:depth])) for depth in range(len(parts) + 1))
    return all(permitted(node, user, EXECUTE) for node in folders if isinstance(node, Directory))
