"""Commands that make users: useradd, adduser.

Belongs here: their options. Does not: changing users (`accountchanges`), groups (`accountgroups`),
the files (`accountfiles`).

Rules: the options of shadow-utils, of Debian's adduser and of busybox's; Debian's number ranges.
What an option would change that a box does not have (subordinate numbers, the mail spool, log
files) is taken and does nothing; options that lead to another root are not known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from boxer.filetree import Directory, File, Symlink, User, groups, users
from boxer.userland.commands.accountfiles import (
    FIRST_USER,
    LAST_USER,
    add_group,
    add_user,
    checked_field,
    free_number,
    gid_of,
    join,
    limit_account,
    number,
    one_name,
)
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_NOGROUP = 65534  # where Debian puts system users
# What Debian's adduser gives a system user, from Debian 12 on.
_NO_HOME, _NO_SHELL = "/nonexistent", "/usr/sbin/nologin"
_USERS = "100"  # the group of -N: GROUP of Debian's /etc/default/useradd
_DEFAULTS = """\
GROUP=100
HOME=/home
INACTIVE=-1
EXPIRE=
SHELL=/bin/sh
SKEL=/etc/skel
CREATE_MAIL_SPOOL=no"""

_USERADD = {
    "badname": False,
    "badnames": False,
    "base-dir": True,
    "comment": True,
    "home-dir": True,
    "home": True,
    "defaults": False,
    "expiredate": True,
    "inactive": True,
    "add-subids-for-system": False,
    "gid": True,
    "groups": True,
    "skel": True,
    "key": True,
    "no-log-init": False,
    "create-home": False,
    "no-create-home": False,
    "no-user-group": False,
    "non-unique": False,
    "password": True,
    "system": False,
    "shell": True,
    "uid": True,
    "user-group": False,
    "btrfs-subvolume-home": False,
}
_ADDUSER = {
    "add-extra-groups": False,
    "add_extra_groups": False,
    "allow-all-names": False,
    "allow-bad-names": False,
    "allow-badname": False,
    "comment": True,
    "conf": True,
    "debug": False,
    "disabled-login": False,
    "disabled-password": False,
    "firstgid": True,
    "firstuid": True,
    "force-badname": False,
    "gecos": True,
    "gid": True,
    "group": False,
    "home": True,
    "ingroup": True,
    "lastgid": True,
    "lastuid": True,
    "no-create-home": False,
    "quiet": False,
    "shell": True,
    "system": False,
    "uid": True,
    "verbose": False,
    # busybox's
    "no-log-init": False,
    "skel": True,
}


@dataclass(frozen=True, slots=True)
class _New:
    """A user to make. gid: None for a group of the same name."""

    name: str
    uid: int | None
    gid: int | None
    system: bool
    home: str | None
    shell: str | None
    comment: str
    make_home: bool
    skel: str = "/etc/skel"
    password: str = "!"
    shared: bool = False
    numbers: tuple[int, int] = (FIRST_USER, LAST_USER)


def useradd(call: Invocation) -> None:
    options = parse_options(call, "b:c:d:De:f:Fg:G:k:K:lmMNop:rs:u:U", _USERADD)
    if options.has("D", "defaults"):
        _show_defaults(call, options)
        return
    call.require_root()
    name = one_name(options)
    primary = options.value("g", "gid")
    own_group = primary is None and not options.has("N", "no-user-group")
    keys = _keys(options)
    base = options.value("b", "base-dir") or "/home"
    _create(
        call,
        _New(
            name,
            uid=number(options.value("u", "uid")),
            gid=None if own_group else gid_of(call, primary or _USERS),
            system=options.has("r", "system"),
            home=options.value("d", "home-dir", "home") or f"{base.rstrip('/')}/{name}",
            shell=options.value("s", "shell"),
            comment=options.value("c", "comment") or "",
            make_home=options.has("m", "create-home"),
            skel=options.value("k", "skel") or "/etc/skel",
            password=options.value("p", "password") or "!",
            shared=options.has("o", "non-unique"),
            numbers=(keys.get("UID_MIN", FIRST_USER), keys.get("UID_MAX", LAST_USER)),
        ),
    )
    limit_account(call, name, options)
    join(call, name, (options.value("G", "groups") or "").split(","))


def adduser(call: Invocation) -> None:
    """Debian's and busybox's adduser: long options of the one, letters of the other."""
    options = parse_options(call, "u:G:h:s:g:SDHk:", _ADDUSER)
    call.require_root()
    if len(options.operands) == 2:  # adduser USER GROUP
        join(call, options.operands[0], [options.operands[1]])
        return
    name = one_name(options)
    system = options.has("system", "S")
    if options.has("system") and any(user.name == name for user in users(call.tree)):
        return  # Debian's: it is there, that is all that was asked
    group = options.value("ingroup", "G") or options.value("gid")
    gid = gid_of(call, group) if group is not None else None
    if system and group is None and not options.has("group"):
        gid = _NOGROUP
    without_home = options.has("system") and not options.has("home")
    _create(
        call,
        _New(
            name,
            uid=number(options.value("uid", "u")),
            gid=gid,
            system=system,
            home=options.value("home", "h") or (_NO_HOME if options.has("system") else None),
            shell=options.value("shell", "s") or (_NO_SHELL if options.has("system") else None),
            comment=options.value("gecos", "comment", "g") or "",
            make_home=not options.has("no-create-home", "H") and not without_home,
            skel=options.value("k", "skel") or "/etc/skel",
            numbers=(
                number(options.value("firstuid")) or FIRST_USER,
                number(options.value("lastuid")) or LAST_USER,
            ),
        ),
    )


def _show_defaults(call: Invocation, options: Options) -> None:
    if set(options.values) - {"D", "defaults"}:
        raise CommandFailedError("the defaults cannot be changed: give each useradd the option")
    call.print(_DEFAULTS)


def _keys(options: Options) -> dict[str, int]:
    """-K NAME=NUMBER, as in login.defs(5)."""
    found = {}
    for text in (*options.values.get("K", ()), *options.values.get("key", ())):
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandFailedError(f"-K requires KEY=VALUE, not '{text}'", 3)
        if value.isdecimal():
            found[name] = int(value)
    return found


def _create(call: Invocation, new: _New) -> None:
    known = users(call.tree)
    taken = {user.uid for user in known}
    if any(user.name == new.name for user in known):
        raise CommandFailedError(f"user '{new.name}' already exists", 9)
    if new.uid in taken and not new.shared:
        raise CommandFailedError(f"UID {new.uid} is not unique", 4)
    uid = free_number(taken, new.system, *new.numbers) if new.uid is None else new.uid
    comment = checked_field(new.comment).rstrip(",")
    home = checked_field(new.home or f"/home/{new.name}")
    shell = checked_field(new.shell or "/bin/sh")
    gid = _group_of(call, new, uid) if new.gid is None else new.gid
    user = User(new.name, uid, gid, comment, home, shell)
    add_user(call, user, new.password)
    if new.make_home and call.tree.get(user.home) is None:
        made = call.tree.make_directories(user.home, mtime=call.epoch)
        _copy_skel(call, new.skel, made)
        made.mode = 0o755
        for _, node in call.walk(user.home, made):
            node.uid, node.gid = uid, gid


def _group_of(call: Invocation, new: _New, uid: int) -> int:
    """A group of the user's name."""
    present = next((group.gid for group in groups(call.tree) if group.name == new.name), None)
    if present is not None and not new.system:
        raise CommandFailedError(f"group {new.name} exists; give it with -g", 9)
    # `addgroup --system app && adduser --system --group app` is one of Debian's idioms.
    free = all(group.gid != uid for group in groups(call.tree))
    return present or add_group(call, new.name, uid if free else None, new.system)


def _copy_skel(call: Invocation, skel: str, home: Directory) -> None:
    source = call.tree.get(skel)
    if isinstance(source, Directory):
        _copy_entries(source, home, call.epoch)


def _copy_entries(source: Directory, target: Directory, epoch: int) -> None:
    for name, node in source.sorted_entries():
        if isinstance(node, Directory):
            made = target.entries[name] = Directory(mode=node.mode, mtime=epoch)
            _copy_entries(node, made, epoch)
        elif isinstance(node, File | Symlink):
            target.entries[name] = replace(node, mtime=epoch)


COMMANDS = {
    "useradd": Command(useradd),
    "adduser": Command(adduser),
}
