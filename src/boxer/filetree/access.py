"""Whether a user may touch a node: the permission bits.

Source: path_resolution(7), "Permissions".
"""

from __future__ import annotations

from boxer.filetree.accounts import Ids
from boxer.filetree.node import Node

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
