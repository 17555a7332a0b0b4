"""A file system as a value, tar in and out.

Belongs here: nodes, paths, archives, the accounts files. Does not: the host's disk, Dockerfiles,
the image a kernel reads (`link`).
"""

from boxer.filetree.access import EXECUTE, READ, WRITE, permitted, searchable
from boxer.filetree.accounts import (
    MAX_ID,
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
    shallow_copy,
)
from boxer.filetree.placing import placed
from boxer.filetree.room import MOST_BYTES, MOST_NAMES, require_room, usage
from boxer.filetree.tarreading import Entry, Limits, is_tar, read_tar, tar_entries
from boxer.filetree.tarwriting import write_entries, write_tar
from boxer.filetree.tree import DEEPEST, MAX_SYMLINKS, Tree, contains, depth_of, require_depth
from boxer.filetree.unpacking import write_below

__all__ = [
    "DEEPEST",
    "EXECUTE",
    "MAX_ID",
    "MAX_SYMLINKS",
    "MOST_BYTES",
    "MOST_NAMES",
    "READ",
    "WRITE",
    "Device",
    "DeviceKind",
    "Directory",
    "Entry",
    "File",
    "Group",
    "Ids",
    "Limits",
    "Node",
    "Symlink",
    "Tree",
    "User",
    "contains",
    "depth_of",
    "groups",
    "home_of",
    "is_tar",
    "name_bytes",
    "name_text",
    "parse_mode",
    "permitted",
    "placed",
    "read_tar",
    "require_depth",
    "require_room",
    "resolve_group",
    "resolve_user",
    "searchable",
    "shallow_copy",
    "tar_entries",
    "usage",
    "users",
    "write_below",
    "write_entries",
    "write_tar",
]
