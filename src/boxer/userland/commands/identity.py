"""Who a command runs as, and who others are: whoami, id.

Belongs here: those two. Does not: changing accounts (`accounts`).
"""

from __future__ import annotations

from boxer.filetree import groups, resolve_user, users
from boxer.userland.invocation import Command, CommandFailedError, Invocation, parse_options


def whoami(call: Invocation) -> None:
    call.print(_user_name(call, call.user.uid) or str(call.user.uid))


def id_(call: Invocation) -> None:
    argv = {"user": False, "group": False, "groups": False, "name": False, "real": False}
    options = parse_options(call, "ugGnr", argv)
    ids = call.user
    if options.operands:
        name = options.operands[0]
        if not any(user.name == name or str(user.uid) == name for user in users(call.tree)):
            raise CommandFailedError(f"'{name}': no such user")
        ids = resolve_user(call.tree, name)
    names = {group.gid: group.name for group in groups(call.tree)}
    all_groups = list(dict.fromkeys((ids.gid, *ids.groups)))
    by_name = options.has("n", "name")
    if options.has("u", "user"):
        call.print((_user_name(call, ids.uid) if by_name else None) or str(ids.uid))
    elif options.has("g", "group"):
        call.print(names.get(ids.gid, str(ids.gid)) if by_name else str(ids.gid))
    elif options.has("G", "groups"):
        call.print(" ".join(names.get(g, str(g)) if by_name else str(g) for g in all_groups))
    else:
        listed = ",".join(_labelled(gid, names.get(gid)) for gid in all_groups)
        user = _labelled(ids.uid, _user_name(call, ids.uid))
        call.print(f"uid={user} gid={_labelled(ids.gid, names.get(ids.gid))} groups={listed}")


def _labelled(number: int, name: str | None) -> str:
    return f"{number}({name})" if name else str(number)


def _user_name(call: Invocation, uid: int) -> str | None:
    return next((user.name for user in users(call.tree) if user.uid == uid), None)


COMMANDS = {
    "whoami": Command(whoami),
    "id": Command(id_),
}
