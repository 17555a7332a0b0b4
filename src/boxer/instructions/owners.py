"""`--chown`: who copied files belong to.

Belongs here: BuildKit's reading of the flag. Does not: the accounts files (`filetree.accounts`).

Rules (BuildKit, readUser): a number without a group is the group's number too; a name without a
group brings its login group; a name that is not in the stage's passwd or group is root, without an
error. That last one surprises people, so we tell.
"""

from __future__ import annotations

from boxer.errors import Where
from boxer.filetree import Tree, groups, users
from boxer.userland import Ports

_MAX_ID = 2**31 - 1


def copied_owner(
    spec: str | None, tree: Tree, ports: Ports, where: Where | None
) -> tuple[int, int]:
    """(uid, gid) of `--chown=spec`; root where the flag is absent."""
    if not spec:
        return 0, 0
    user, colon, group = spec.partition(":")
    uid, gid = _user(user, tree, ports, where) if user else (0, 0)
    if colon and group:
        number = _number(group)
        known = {entry.name: entry.gid for entry in groups(tree)}
        if number is None and group not in known:
            _unknown("group", group, ports, where)
        gid = known.get(group, 0) if number is None else number
    return uid, gid


def _user(name: str, tree: Tree, ports: Ports, where: Where | None) -> tuple[int, int]:
    number = _number(name)
    if number is not None:
        return number, number
    for user in users(tree):
        if user.name == name:
            return user.uid, user.gid
    _unknown("user", name, ports, where)
    return 0, 0


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text[:11]) <= _MAX_ID else None


def _unknown(kind: str, name: str, ports: Ports, where: Where | None) -> None:
    ports.listener.notice(
        f"The {kind} `{name}` is not in this stage, so the files belong to root, as in BuildKit.",
        where,
        f"Create it in a RUN before this line, or give the {kind}'s number.",
    )
