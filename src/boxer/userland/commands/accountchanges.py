"""Commands that change and remove users: usermod, userdel, deluser.

Belongs here: their options. Does not: making users (`accounts`), the files (`accountfiles`).
"""

from __future__ import annotations

from dataclasses import replace

from boxer.filetree import Directory, User, groups, users
from boxer.userland.commands.accountfiles import (
    PASSWORD,
    checked_field,
    checked_name,
    gid_of,
    join,
    leave,
    limit_account,
    number,
    one_name,
    rename_shadow,
    set_shadow,
    shadow_field,
    user_named,
    write_groups,
    write_users,
)
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_USERMOD = {
    "append": False,
    "badname": False,
    "badnames": False,
    "comment": True,
    "expiredate": True,
    "gid": True,
    "groups": True,
    "home": True,
    "inactive": True,
    "lock": False,
    "login": True,
    "move-home": False,
    "non-unique": False,
    "password": True,
    "remove": False,
    "shell": True,
    "uid": True,
    "unlock": False,
    "add-subuids": True,
    "add-subgids": True,
    "del-subuids": True,
    "del-subgids": True,
}


def usermod(call: Invocation) -> None:
    options = parse_options(call, "abc:d:e:f:g:G:l:Lmop:rs:u:Uv:V:w:W:", _USERMOD)
    call.require_root()
    name = one_name(options)
    before = user_named(call, name)
    after = _changed(call, before, options)
    write_users(call, [after if user.name == name else user for user in users(call.tree)])
    _rename(call, name, after.name)
    if options.has("m", "move-home") and after.home != before.home:
        _move_home(call, before.home, after.home)
    if (after.uid, after.gid) != (before.uid, before.gid) and call.tree.get(after.home) is not None:
        for _, node in call.walk(after.home, call.existing(after.home)):
            node.uid = after.uid if node.uid == before.uid else node.uid
            node.gid = after.gid if node.gid == before.gid else node.gid
    _change_groups(call, after.name, options)
    _change_password(call, after.name, options)
    limit_account(call, after.name, options)


def userdel(call: Invocation) -> None:
    """userdel, deluser; `deluser USER GROUP` ends a membership."""
    words = {
        "force": False,
        "remove": False,
        "remove-home": False,
        "remove-all-files": False,
        "quiet": False,
        "system": False,
        "selinux-user": False,
    }
    options = parse_options(call, "frZ", words)
    call.require_root()
    if call.name == "deluser" and len(options.operands) == 2:
        user_named(call, options.operands[0])
        leave(call, options.operands[0], [gid_of(call, options.operands[1])])
        return
    name = one_name(options)
    known = users(call.tree)
    user = user_named(call, name)
    write_users(call, [other for other in known if other.name != name])
    rename_shadow(call, name, None)
    leave(call, name)
    own = [g for g in groups(call.tree) if g.name == name and not g.members]
    if own and all(other.gid != own[0].gid for other in known if other.name != name):
        write_groups(call, [group for group in groups(call.tree) if group.name != name])
    home = isinstance(call.tree.get(user.home), Directory) and user.home.strip("/")
    if home and options.has("r", "remove", "remove-home", "remove-all-files"):
        call.tree.remove(user.home, recursive=True)


def _changed(call: Invocation, user: User, options: Options) -> User:
    gid, uid = options.value("g", "gid"), number(options.value("u", "uid"))
    login = options.value("l", "login")
    others = [other for other in users(call.tree) if other.name != user.name]
    taken = any(other.uid == uid for other in others)
    if taken and not options.has("o", "non-unique"):
        raise CommandFailedError(f"UID '{uid}' already exists", 4)
    if login is not None and any(other.name == login for other in others):
        raise CommandFailedError(f"user '{login}' already exists", 9)

    def chosen(present: str, *names: str) -> str:
        given = options.value(*names)
        return present if given is None else checked_field(given)

    return User(
        user.name if login is None else checked_name(login),
        user.uid if uid is None else uid,
        user.gid if gid is None else gid_of(call, gid),
        chosen(user.comment, "c", "comment"),
        chosen(user.home, "d", "home"),
        chosen(user.shell, "s", "shell"),
    )


def _rename(call: Invocation, old: str, new: str) -> None:
    if old == new:
        return
    rename_shadow(call, old, new)
    changed = [
        replace(group, members=tuple(new if m == old else m for m in group.members))
        for group in groups(call.tree)
    ]
    write_groups(call, changed)


def _move_home(call: Invocation, old: str, new: str) -> None:
    if call.tree.get(old) is None:
        return
    if call.tree.get(new) is not None:
        raise CommandFailedError(f"directory {new} exists", 12)
    call.tree.make_directories(new.rpartition("/")[0] or "/", mtime=call.epoch)
    call.tree.rename(old, new)


def _change_groups(call: Invocation, name: str, options: Options) -> None:
    extra = options.value("G", "groups")
    if extra is None:
        return
    wanted = [group for group in extra.split(",") if group]
    if options.has("r", "remove"):
        leave(call, name, [gid_of(call, group) for group in wanted])
        return
    gids = [gid_of(call, group) for group in wanted]
    if not options.has("a", "append"):
        leave(call, name)
    join(call, name, map(str, gids))


def _change_password(call: Invocation, name: str, options: Options) -> None:
    password = options.value("p", "password")
    if password is not None:
        set_shadow(call, name, PASSWORD, password)
    present = shadow_field(call, name, PASSWORD)
    if options.has("L", "lock") and not present.startswith("!"):
        set_shadow(call, name, PASSWORD, f"!{present}")
    if options.has("U", "unlock") and present.startswith("!") and len(present) > 1:
        set_shadow(call, name, PASSWORD, present.removeprefix("!"))


COMMANDS = {
    "usermod": Command(usermod),
    "userdel": Command(userdel),
    "deluser": Command(userdel),
}
