"""Commands about users and groups: useradd, adduser, groupadd, addgroup, usermod, id, whoami.

Belongs here: the edits of /etc/passwd, /etc/group and /etc/shadow those programs make. Does not:
reading those files (`filetree.accounts`).

Rules: shadow-utils' and busybox's options as Dockerfiles use them, Debian's number ranges.
"""

from __future__ import annotations

from boxer.filetree import Directory, File, Group, User, groups, resolve_user, users
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_FIRST_USER = 1000  # UID_MIN of Debian's login.defs
_FIRST_SYSTEM = 999  # SYS_UID_MAX, from which system numbers go down

_USERADD = {
    "uid": True,
    "gid": True,
    "groups": True,
    "home-dir": True,
    "home": True,
    "shell": True,
    "comment": True,
    "gecos": True,
    "create-home": False,
    "no-create-home": False,
    "system": False,
    "user-group": False,
    "no-user-group": False,
    "disabled-password": False,
    "disabled-login": False,
    "ingroup": True,
    "password": True,
    "no-log-init": False,
    "group": False,
    "quiet": False,
    "non-unique": False,
    "force-badname": False,
    "allow-bad-names": False,
    "skel": True,
}


def useradd(call: Invocation) -> None:
    options = parse_options(call, "u:g:G:d:s:c:mMrUNlop:k:", _USERADD)
    call.require_root()
    name = _one_name(options)
    primary = options.value("g", "gid")
    system = options.has("r", "system")
    if primary is None and not options.has("N", "no-user-group"):
        gid: int | None = None
    else:
        gid = _gid(call, primary or "100")
    _create(
        call,
        name,
        uid=_chosen(options.value("u", "uid")),
        gid=gid,
        system=system,
        home=options.value("d", "home-dir", "home"),
        shell=options.value("s", "shell"),
        comment=options.value("c", "comment", "gecos") or "",
        make_home=options.has("m", "create-home"),
    )
    _join(call, name, (options.value("G", "groups") or "").split(","))


def adduser(call: Invocation) -> None:
    """Debian's and busybox's adduser: long options of the one, letters of the other."""
    options = parse_options(call, "u:G:h:s:g:SDHk:", _USERADD)
    call.require_root()
    if len(options.operands) == 2:  # adduser USER GROUP
        _join(call, options.operands[0], [options.operands[1]])
        return
    name = _one_name(options)
    group = options.value("ingroup", "G") or options.value("gid")
    system = options.has("system", "S")
    gid = _gid(call, group) if group is not None else None
    if system and group is None and not options.has("group"):
        gid = 65534  # nogroup, where Debian puts system users
    _create(
        call,
        name,
        uid=_chosen(options.value("uid", "u")),
        gid=gid,
        system=system,
        home=options.value("home", "h", "home-dir"),
        shell=options.value("shell", "s"),
        comment=options.value("gecos", "comment", "g") or "",
        make_home=not options.has("no-create-home", "H"),
    )


def groupadd(call: Invocation) -> None:
    argv = {"gid": True, "system": False, "force": False, "non-unique": False, "quiet": False}
    options = parse_options(call, "g:rfoS", argv)
    call.require_root()
    if call.name == "addgroup" and len(options.operands) == 2:  # addgroup USER GROUP
        _join(call, options.operands[0], [options.operands[1]])
        return
    name = _one_name(options)
    if any(group.name == name for group in groups(call.tree)):
        if options.has("f", "force"):
            return
        raise CommandFailedError(f"group '{name}' already exists", 9)
    system = options.has("r", "S", "system")
    _add_group(call, name, _chosen(options.value("g", "gid")), system)


def usermod(call: Invocation) -> None:
    argv = {
        "append": False,
        "groups": True,
        "shell": True,
        "home": True,
        "uid": True,
        "gid": True,
        "comment": True,
        "login": True,
    }
    options = parse_options(call, "aG:s:d:u:g:c:l:m", argv)
    call.require_root()
    name = _one_name(options)
    known = {user.name: user for user in users(call.tree)}
    if name not in known:
        raise CommandFailedError(f"user '{name}' does not exist", 6)
    user = known[name]
    gid = options.value("g", "gid")
    known[name] = User(
        options.value("l", "login") or name,
        _chosen(options.value("u", "uid")) or user.uid,
        user.gid if gid is None else _gid(call, gid),
        options.value("c", "comment") or user.comment,
        options.value("d", "home") or user.home,
        options.value("s", "shell") or user.shell,
    )
    _write_users(call, list(known.values()))
    extra = options.value("G", "groups")
    if extra is not None:
        if not options.has("a", "append"):
            _leave(call, name)
        _join(call, known[name].name, extra.split(","))


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


def _create(
    call: Invocation,
    name: str,
    uid: int | None,
    gid: int | None,
    system: bool,
    home: str | None,
    shell: str | None,
    comment: str,
    make_home: bool,
) -> None:
    known = users(call.tree)
    if any(user.name == name for user in known):
        raise CommandFailedError(f"user '{name}' already exists", 9)
    if uid is None:
        uid = _free({user.uid for user in known}, system)
    if gid is None:
        present = next((group.gid for group in groups(call.tree) if group.name == name), None)
        if present is not None and not system:
            raise CommandFailedError(f"group {name} exists; give it with -g", 9)
        # `addgroup --system app && adduser --system --group app` is one of Debian's idioms.
        free = all(group.gid != uid for group in groups(call.tree))
        gid = present or _add_group(call, name, uid if free else None, system)
    user = User(name, uid, gid, comment.rstrip(","), home or f"/home/{name}", shell or "/bin/sh")
    _write_users(call, [*known, user])
    _append(call, "/etc/shadow", f"{name}:!:0:0:99999:7:::\n", 0o640)
    if make_home and call.tree.get(user.home) is None:
        made = call.tree.make_directories(user.home, mtime=call.epoch)
        made.mode, made.uid, made.gid = 0o755, uid, gid


def _add_group(call: Invocation, name: str, gid: int | None, system: bool) -> int:
    taken = {group.gid for group in groups(call.tree)}
    if gid is None:
        gid = _free(taken, system)
    elif gid in taken:
        raise CommandFailedError(f"GID '{gid}' already exists", 4)
    _append(call, "/etc/group", f"{name}:x:{gid}:\n", 0o644)
    return gid


def _join(call: Invocation, name: str, wanted: list[str]) -> None:
    wanted = [group for group in wanted if group]
    if not wanted:
        return
    if not any(user.name == name for user in users(call.tree)):
        raise CommandFailedError(f"user '{name}' does not exist", 6)
    changed = []
    gids = [_gid(call, group) for group in wanted]
    for group in groups(call.tree):
        members = group.members
        if group.gid in gids and name not in members:
            members = (*members, name)
        changed.append(Group(group.name, group.gid, members))
    _write_groups(call, changed)


def _leave(call: Invocation, name: str) -> None:
    kept = [
        Group(group.name, group.gid, tuple(m for m in group.members if m != name))
        for group in groups(call.tree)
    ]
    _write_groups(call, kept)


def _free(taken: set[int], system: bool) -> int:
    if not system:
        return max([n for n in taken if _FIRST_USER <= n < 60000], default=_FIRST_USER - 1) + 1
    return next(n for n in range(_FIRST_SYSTEM, 0, -1) if n not in taken)


def _gid(call: Invocation, spec: str) -> int:
    for group in groups(call.tree):
        if spec in (group.name, str(group.gid)):
            return group.gid
    raise CommandFailedError(f"group '{spec}' does not exist", 6)


def _chosen(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise CommandFailedError(f"invalid number '{text}'", 3)
    return int(text)


def _one_name(options: Options) -> str:
    if len(options.operands) != 1:
        raise CommandFailedError("one name is needed", 2)
    name = options.operands[0]
    if not name or set(name) & set(":,/ \n") or name.startswith("-"):
        raise CommandFailedError(f"invalid name '{name}'", 3)
    return name


def _write_users(call: Invocation, accounts: list[User]) -> None:
    lines = [f"{u.name}:x:{u.uid}:{u.gid}:{u.comment}:{u.home}:{u.shell}\n" for u in accounts]
    _replace(call, "/etc/passwd", "".join(lines), 0o644)


def _write_groups(call: Invocation, accounts: list[Group]) -> None:
    lines = [f"{g.name}:x:{g.gid}:{','.join(g.members)}\n" for g in accounts]
    _replace(call, "/etc/group", "".join(lines), 0o644)


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


COMMANDS = {
    "useradd": Command(useradd),
    "adduser": Command(adduser),
    "groupadd": Command(groupadd),
    "addgroup": Command(groupadd),
    "usermod": Command(usermod),
    "whoami": Command(whoami),
    "id": Command(id_),
}
