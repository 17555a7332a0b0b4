"""/etc/passwd, /etc/group and /etc/shadow, as the commands about accounts change them.

Belongs here: the edits. Does not: the commands and their options (`accounts`, `accountgroups`),
reading those files (`filetree.accounts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from boxer.filetree import MAX_ID, Directory, File, Group, User, groups, users
from boxer.userland.invocation import CommandFailedError, Invocation, Options

FIRST_USER, LAST_USER = 1000, 59999  # UID_MIN and UID_MAX of Debian's login.defs
FIRST_SYSTEM = 999  # SYS_UID_MAX, from which system numbers go down
# The fields of a line of /etc/shadow: shadow(5).
PASSWORD, INACTIVE, EXPIRES = 1, 6, 7
_NEW = "{name}:{password}:0:0:99999:7:::\n"


def user_named(call: Invocation, name: str) -> User:
    """Raises CommandFailedError where there is none."""
    found = next((user for user in users(call.tree) if user.name == name), None)
    if found is None:
        raise CommandFailedError(f"user '{name}' does not exist", 6)
    return found


def gid_of(call: Invocation, spec: str) -> int:
    for group in groups(call.tree):
        if spec in (group.name, str(group.gid)):
            return group.gid
    raise CommandFailedError(f"group '{spec}' does not exist", 6)


def number(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.isascii() and text.isdecimal() and len(text) < 20
    if not digits or int(text) > MAX_ID:
        raise CommandFailedError(f"invalid number '{text}'", 3)
    return int(text)


def one_name(options: Options) -> str:
    if len(options.operands) != 1:
        raise CommandFailedError("one name is needed", 2)
    return checked_name(options.operands[0])


def checked_name(name: str) -> str:
    if not name or set(name) & set(":,/ \n") or name.startswith("-"):
        raise CommandFailedError(f"invalid name '{name}'", 3)
    return name


def checked_field(text: str) -> str:
    """What goes into a field of a line."""
    if set(text) & set(":\n"):
        raise CommandFailedError(f"invalid field '{text}'", 3)
    return text


def free_number(taken: set[int], system: bool, first: int, last: int) -> int:
    """Debian's way: the one behind the largest in use; system numbers from above."""
    if system:
        return next(n for n in range(FIRST_SYSTEM, 0, -1) if n not in taken)
    found: int = max((n for n in taken if first <= n <= last), default=first - 1) + 1
    if found <= last:
        return found
    return next((n for n in range(first, last + 1) if n not in taken), found)


def add_group(
    call: Invocation,
    name: str,
    gid: int | None,
    system: bool,
    *,
    shared: bool = False,
    first: int = FIRST_USER,
    last: int = LAST_USER,
) -> int:
    """shared: the number may be another group's, too."""
    taken = {group.gid for group in groups(call.tree)}
    if gid is None:
        gid = free_number(taken, system, first, last)
    elif gid in taken and not shared:
        raise CommandFailedError(f"GID '{gid}' already exists", 4)
    _append(call, "/etc/group", f"{name}:x:{gid}:\n", 0o644)
    return gid


def add_user(call: Invocation, user: User, password: str = "!") -> None:
    write_users(call, [*users(call.tree), user])
    line = _NEW.format(name=user.name, password=checked_field(password))
    _append(call, "/etc/shadow", line, 0o640)


def join(call: Invocation, name: str, wanted: Iterable[str]) -> None:
    """Makes a user a member of groups, by their names or numbers."""
    gids = [gid_of(call, group) for group in wanted if group]
    if not gids:
        return
    user_named(call, name)
    changed = []
    for group in groups(call.tree):
        members = group.members
        if group.gid in gids and name not in members:
            members = (*members, name)
        changed.append(replace(group, members=members))
    write_groups(call, changed)


def leave(call: Invocation, name: str, gids: Iterable[int] | None = None) -> None:
    """Ends a user's memberships, in all groups or some."""
    left = None if gids is None else set(gids)
    write_groups(
        call,
        [
            replace(group, members=tuple(m for m in group.members if m != name))
            if left is None or group.gid in left
            else group
            for group in groups(call.tree)
        ],
    )


def write_users(call: Invocation, accounts: list[User]) -> None:
    lines = [f"{u.name}:x:{u.uid}:{u.gid}:{u.comment}:{u.home}:{u.shell}\n" for u in accounts]
    _replace(call, "/etc/passwd", "".join(lines), 0o644)


def write_groups(call: Invocation, accounts: list[Group]) -> None:
    lines = [f"{g.name}:x:{g.gid}:{','.join(g.members)}\n" for g in accounts]
    _replace(call, "/etc/group", "".join(lines), 0o644)


def shadow_field(call: Invocation, name: str, field: int) -> str:
    return next((line[field] for line in _shadow(call) if line[0] == name), "")


def set_shadow(call: Invocation, name: str, field: int, value: str) -> None:
    """Changes a field of a user's line, which is made where there is none."""
    lines = _shadow(call)
    if all(line[0] != name for line in lines):
        lines.append(_NEW.format(name=name, password="!").rstrip("\n").split(":"))
    for line in lines:
        if line[0] == name:
            line[field] = checked_field(value)
    _write_shadow(call, lines)


def rename_shadow(call: Invocation, old: str, new: str | None) -> None:
    """new: None takes the line away."""
    lines = [line for line in _shadow(call) if line[0] != old or new is not None]
    for line in lines:
        if line[0] == old and new is not None:
            line[0] = new
    _write_shadow(call, lines)


def limit_account(call: Invocation, name: str, options: Options) -> None:
    """-e and -f: when the account ends, and how long after its password."""
    expires, inactive = options.value("e", "expiredate"), options.value("f", "inactive")
    if expires is not None:
        set_shadow(call, name, EXPIRES, _days(expires))
    if inactive is not None:
        set_shadow(call, name, INACTIVE, "" if inactive == "-1" else inactive)


def _days(text: str) -> str:
    """The days since 1970 of a date or a number of them; nothing, -1: never."""
    if text in ("", "-1"):
        return ""
    if text.isdecimal():
        return text
    try:
        return str((date.fromisoformat(text) - date(1970, 1, 1)).days)
    except ValueError:
        raise CommandFailedError(f"invalid date '{text}'", 3) from None


def _shadow(call: Invocation) -> list[list[str]]:
    node = call.tree.get("/etc/shadow")
    text = node.data.decode("utf-8", "surrogateescape") if isinstance(node, File) else ""
    return [line.split(":") for line in text.splitlines() if line.count(":") == 8]


def _write_shadow(call: Invocation, lines: list[list[str]]) -> None:
    _replace(call, "/etc/shadow", "".join(":".join(line) + "\n" for line in lines), 0o640)


def _append(call: Invocation, path: str, line: str, mode: int) -> None:
    node = call.tree.get(path)
    old = node.data.decode("utf-8", "surrogateescape") if isinstance(node, File) else ""
    if old and not old.endswith("\n"):
        old += "\n"
    _replace(call, path, old + line, mode)


def _replace(call: Invocation, path: str, text: str, mode: int) -> None:
    node = call.tree.get(path)
    data = text.encode("utf-8", "surrogateescape")
    if isinstance(node, File):
        node.data, node.mtime = data, call.epoch
    elif isinstance(node, Directory):
        raise CommandFailedError(f"{path} is a directory")
    else:
        call.tree.add_file(path, data, mode, mtime=call.epoch)
