"""A file system as a value, tar in and out.

Belongs here: nodes, paths, archives, the accounts files. Does not: the host's disk, Dockerfiles,
the image a kernel reads (`link`).
"""

from boxer.filetree.access import EXECUTE, READ, WRITE, permitted
from boxer.filetree.accounts import (
    Group,
    Ids,
    User,
    groups,
    home_of,
    resolve_group,
    resolve_user,
    users,
)
from boxer.filetree.modes import parse_mode
from boxer.filetree.node import (
    Device,
    DeviceKind,
    Directory,
    File,
    Node,
    Symlink,
    name_bytes,
    name_text,
)
from boxer.filetree.placing import placed
from boxer.filetree.tarreading import Limits, is_tar, read_tar
from boxer.filetree.tarwriting import write_tar
from boxer.filetree.tree import MAX_SYMLINKS, Tree

__all__ = [
    "EXECUTE",
    "MAX_SYMLINKS",
    "READ",
    "WRITE",
    "Device",
    "DeviceKind",
    "Directory",
    "File",
    "Group",
    "Ids",
    "Limits",
    "Node",
    "Symlink",
    "Tree",
    "User",
    "groups",
    "home_of",
    "is_tar",
    "name_bytes",
    "name_text",
    "parse_mode",
    "permitted",
    "placed",
    "read_tar",
    "resolve_group",
    "resolve_user",
    "users",
    "write_tar",
]
