"""Users and groups of a tree: /etc/passwd and /etc/group.

Belongs here: reading those two files and what a `USER` or `--chown` value means by them. Does not:
changing them (`instructions` has useradd and its kin).

Rules: passwd(5) and group(5); a line that does not parse is skipped, as the C library does. Numbers
are names of last resort: a name is looked up first, then read as a number (docker run --user).
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.errors import AccountError
from boxer.filetree.node import File
from boxer.filetree.tree import Tree

MAX_ID = 2**32 - 2  # (uid_t) -1 means "unchanged" to chown(2)


@dataclass(frozen=True, slots=True)
class Ids:
    """Who a process runs as. groups: the supplementary groups."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    name: str
    uid: int
    gid: int
    comment: str = ""
    home: str = "/"
    shell: str = "/bin/sh"


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    gid: int
    members: tuple[str, ...] = ()


def users(tree: Tree) -> list[User]:
    """The accounts of /etc/passwd, in its order; none if there is no such file."""
    found = []
    for fields in _lines(tree, "/etc/passwd", 7):
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            found.append(User(fields[0], uid, gid, fields[4], fields[5], fields[6]))
    return found


def groups(tree: Tree) -> list[Group]:
    """The groups of /etc/group, in its order; none if there is no such file."""
    found = []
    for fields in _lines(tree, "/etc/group", 4):
        gid = _number(fields[2])
        if gid is not None:
            members = tuple(name for name in fields[3].split(",") if name)
            found.append(Group(fields[0], gid, members))
    return found


def resolve_user(tree: Tree, spec: str) -> Ids:
    """Who `USER spec` runs as. spec: `name[:group]`, `uid[:gid]` or a mix; empty means root.

    A number needs no entry; without a group it gets that of its entry, else 0. With a group named
    the supplementary groups are dropped, as docker does. Raises AccountError for an unknown name.
    """
    user_part, colon, group_part = spec.partition(":")
    uid, gid, name = 0, 0, "root"
    known = _find_user(tree, user_part or "0")
    if known is not None:
        uid, gid, name = known.uid, known.gid, known.name
    elif user_part:
        uid, name = _id(user_part, "user"), ""
    if colon and group_part:
        return Ids(uid, _find_gid(tree, group_part))
    extra = sorted({g.gid for g in groups(tree) if name and name in g.members})
    return Ids(uid, gid, tuple(extra))


def resolve_group(tree: Tree, spec: str) -> int:
    """The number of a group given by name or number. Raises AccountError for an unknown name."""
    return _find_gid(tree, spec)


def home_of(tree: Tree, uid: int) -> str:
    """The home directory of a user, `/` for one without an entry."""
    return next((user.home for user in users(tree) if user.uid == uid), "/") or "/"


def _find_user(tree: Tree, spec: str) -> User | None:
    accounts = users(tree)
    for user in accounts:
        if user.name == spec:
            return user
    number = _number(spec)
    return next((user for user in accounts if user.uid == number), None)


def _find_gid(tree: Tree, spec: str) -> int:
    for group in groups(tree):
        if group.name == spec:
            return group.gid
    return _id(spec, "group")


def _id(spec: str, what: str) -> int:
    number = _number(spec)
    if number is not None:
        return number
    file = "passwd" if what == "user" else "group"
    raise AccountError(
        f"The {what} `{spec}` is not in the box's /etc/{file}.",
        hint=f"Create it in a RUN before this line (useradd, groupadd) or give a {what} number.",
    )


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and int(text[:11]) <= MAX_ID:
        return int(text[:11])
    return None


def _lines(tree: Tree, path: str, fields: int) -> list[list[str]]:
    node = tree.get(path)
    if not isinstance(node, File):
        return []
    text = node.data.decode("utf-8", "surrogateescape")
    split = (line.split(":") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [parts for parts in split if len(parts) == fields and parts[0]]
