"""Commands about groups: groupadd, addgroup, groupmod, groupdel, delgroup, gpasswd.

Belongs here: their options, shadow-utils' and busybox's. Does not: users (`accounts`), the files
(`accountfiles`).
"""

from __future__ import annotations

from dataclasses import replace

from boxer.filetree import groups, users
from boxer.userland.commands.accountfiles import (
    FIRST_USER,
    LAST_USER,
    add_group,
    checked_name,
    gid_of,
    join,
    leave,
    number,
    one_name,
    user_named,
    write_groups,
    write_users,
)
from boxer.userland.invocation import Command, CommandFailedError, Invocation, parse_options

_GROUPADD = {
    "gid": True,
    "system": False,
    "force": False,
    "non-unique": False,
    "password": True,
    "key": True,
    "users": True,
}
# What Debian's addgroup and busybox's have beside.
_ADDGROUP = {
    "gid": True,
    "firstgid": True,
    "lastgid": True,
    "system": False,
    "group": False,
    "quiet": False,
    "debug": False,
    "verbose": False,
    "conf": True,
    "force-badname": False,
    "allow-badname": False,
    "allow-bad-names": False,
    "allow-all-names": False,
}


def groupadd(call: Invocation) -> None:
    options = parse_options(call, "g:K:p:U:rfo", _GROUPADD)
    call.require_root()
    name = one_name(options)
    if any(group.name == name for group in groups(call.tree)):
        if options.has("f", "force"):
            return
        raise CommandFailedError(f"group '{name}' already exists", 9)
    gid = number(options.value("g", "gid"))
    taken = {group.gid for group in groups(call.tree)}
    if gid in taken and options.has("f", "force"):
        gid = None  # -f: another one then
    add_group(
        call,
        name,
        gid,
        options.has("r", "system"),
        shared=options.has("o", "non-unique"),
    )
    for user in (options.value("U", "users") or "").split(","):
        if user:
            join(call, user, [name])


def addgroup(call: Invocation) -> None:
    options = parse_options(call, "g:S", _ADDGROUP)
    call.require_root()
    if len(options.operands) == 2:  # addgroup USER GROUP
        join(call, options.operands[0], [options.operands[1]])
        return
    name = one_name(options)
    system = options.has("S", "system")
    present = next((group for group in groups(call.tree) if group.name == name), None)
    if present is not None:
        if system and options.has("system"):  # Debian's: it is there, that is all that was asked
            return
        raise CommandFailedError(f"group '{name}' in use", 1)
    add_group(
        call,
        name,
        number(options.value("g", "gid")),
        system,
        first=number(options.value("firstgid")) or FIRST_USER,
        last=number(options.value("lastgid")) or LAST_USER,
    )


def groupmod(call: Invocation) -> None:
    argv = {
        "gid": True,
        "new-name": True,
        "non-unique": False,
        "password": True,
        "append": False,
        "users": True,
    }
    options = parse_options(call, "g:n:p:U:oa", argv)
    call.require_root()
    name = one_name(options)
    gid = gid_of(call, name)
    new_gid = number(options.value("g", "gid"))
    new_name = options.value("n", "new-name")
    known = groups(call.tree)
    taken = any(group.gid == new_gid for group in known if group.name != name)
    if taken and not options.has("o", "non-unique"):
        raise CommandFailedError(f"GID '{new_gid}' already exists", 4)
    if new_name and new_name != name and any(group.name == new_name for group in known):
        raise CommandFailedError(f"group '{new_name}' already exists", 9)
    changed = [
        replace(
            group,
            name=checked_name(new_name or name),
            gid=group.gid if new_gid is None else new_gid,
        )
        if group.name == name
        else group
        for group in known
    ]
    write_groups(call, changed)
    if new_gid is not None:
        write_users(
            call,
            [replace(u, gid=new_gid) if u.gid == gid else u for u in users(call.tree)],
        )
    members = options.value("U", "users")
    if members is not None:
        if not options.has("a", "append"):
            emptied = [
                replace(g, members=()) if g.name == (new_name or name) else g
                for g in groups(call.tree)
            ]
            write_groups(call, emptied)
        for user in filter(None, members.split(",")):
            join(call, user, [new_name or name])


def groupdel(call: Invocation) -> None:
    """groupdel, delgroup; `delgroup USER GROUP` ends a membership."""
    words = {"force": False, "quiet": False, "system": False, "only-if-empty": False}
    options = parse_options(call, "f", words)
    call.require_root()
    if call.name == "delgroup" and len(options.operands) == 2:
        user, group = options.operands
        user_named(call, user)
        leave(call, user, [gid_of(call, group)])
        return
    name = one_name(options)
    gid = gid_of(call, name)
    if any(user.gid == gid for user in users(call.tree)) and not options.has("f", "force"):
        raise CommandFailedError(f"cannot remove the primary group of a user: '{name}'", 8)
    write_groups(call, [group for group in groups(call.tree) if group.name != name])


def gpasswd(call: Invocation) -> None:
    argv = {"add": True, "delete": True, "members": True, "remove-password": False}
    options = parse_options(call, "a:d:M:r", argv)
    call.require_root()
    name = one_name(options)
    gid = gid_of(call, name)
    added, deleted = options.value("a", "add"), options.value("d", "delete")
    members = options.value("M", "members")
    if added:
        join(call, added, [name])
    if deleted:
        leave(call, deleted, [gid])
    if members is not None:
        wanted = tuple(filter(None, members.split(",")))
        for user in wanted:
            user_named(call, user)
        changed = [replace(g, members=wanted) if g.name == name else g for g in groups(call.tree)]
        write_groups(call, changed)


COMMANDS = {
    "groupadd": Command(groupadd),
    "addgroup": Command(addgroup),
    "groupmod": Command(groupmod),
    "groupdel": Command(groupdel),
    "delgroup": Command(groupdel),
    "gpasswd": Command(gpasswd),
}
