"""Commands that touch what the shell's own cannot carry: owners, modes, hard links, times.

Belongs here: chmod, chown, chgrp, ln, link, mkdir, touch over our nodes. Does not: cp and install
(`copies`), mv and rm (`moves`), what the shell carries well by itself (cat, sed, sort ..).

Rules: POSIX and the GNU options that Dockerfiles use; an unknown option fails, it is never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from boxer.errors import AccountError, BadModeError
from boxer.filetree import (
    READ,
    WRITE,
    Directory,
    File,
    Node,
    Symlink,
    groups,
    parse_mode,
    permitted,
    require_depth,
    resolve_group,
    resolve_user,
    users,
)
from boxer.userland.commands.datewords import moment_of
from boxer.userland.commands.destinations import slash_at_no_folder
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_WORDS: dict[str, bool | None] = {
    "verbose": False,
    "changes": False,
    "silent": False,
    "quiet": False,
    "recursive": False,
    "no-dereference": False,
    "dereference": False,
    "reference": True,
    "preserve-root": False,
    "no-preserve-root": False,
}
_SET_USER, _SET_GROUP = 0o4000, 0o2000
# touch -t: [[CC]YY]MMDDhhmm[.ss]
_STAMP = r"(\d\d|\d{4})?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d(\.[0-6]\d)?"


def chmod(call: Invocation) -> int:
    argv = list(call.arguments)
    # A mode that takes permissions away looks like options: `chmod -w file`.
    call.arguments = [
        "./" + w if w[:1] == "-" and w[1:] and set(w[1:]) <= set("rwxXst") else w for w in argv
    ]
    options = parse_options(call, "Rvcf", _WORDS)
    reference = options.value("reference")
    operands = list(options.operands)
    if reference is not None:
        change = mode_change(f"0{call.existing(reference).mode:04o}")
    else:
        change = mode_change(operands.pop(0).removeprefix("./") if operands else "0")
    if not operands:
        raise CommandFailedError("missing operand")

    def one(target: tuple[str, Node]) -> None:
        name, node = target
        if isinstance(node, Symlink):
            return
        call.require_owner(node, name)
        before = node.mode
        node.mode = change(node.mode, isinstance(node, Directory))
        if call.user.uid != 0 and node.gid not in (call.user.gid, *call.user.groups):
            node.mode &= ~_SET_GROUP
        was, now = _mode_shown(before), _mode_shown(node.mode)
        _tell(call, options, f"mode of '{name}'", was, now, f"mode of '{name}' changed")

    return _each_target(call, options, operands, one)


def _each_target(
    call: Invocation,
    options: Options,
    operands: list[str],
    work: Callable[[tuple[str, Node]], None],
) -> int:
    failed = False

    def one(path: str) -> None:
        nonlocal failed
        failed |= call.each(_targets(call, path, options), work) != 0

    return call.each(operands, one) or int(failed)


def _mode_shown(mode: int) -> str:
    return f"{mode:04o} ({permission_letters(mode)})"


def _tell(
    call: Invocation, options: Options, what: str, before: str, after: str, changed: str
) -> None:
    """What -v and -c say of a change."""
    if before != after and options.has("v", "verbose", "c", "changes"):
        call.print(f"{changed} from {before} to {after}")
    elif options.has("v", "verbose"):
        call.print(f"{what} retained as {after}")


def permission_letters(mode: int) -> str:
    """The nine letters that ls shows of a mode: `rwxr-sr-t`."""
    letters = [letter if mode >> (8 - index) & 1 else "-" for index, letter in enumerate("rwx" * 3)]
    for index, bit, letter in ((2, 0o4000, "s"), (5, 0o2000, "s"), (8, 0o1000, "t")):
        if mode & bit:
            letters[index] = letter if letters[index] == "x" else letter.upper()
    return "".join(letters)


def chown(call: Invocation) -> int:
    return _change_owner(call, group_only=False)


def chgrp(call: Invocation) -> int:
    return _change_owner(call, group_only=True)


def _change_owner(call: Invocation, group_only: bool) -> int:
    options = parse_options(call, "RhvcfHLP", _WORDS | {"from": True})
    reference = options.value("reference")
    operands = list(options.operands)
    if reference is not None:
        like = call.existing(reference)
        uid: int | None = None if group_only else like.uid
        gid: int | None = like.gid
    else:
        spec = operands.pop(0) if operands else ""
        uid, gid = owner_of(call, f":{spec}" if group_only else spec)
    if not operands:
        raise CommandFailedError("missing operand")
    only = owner_of(call, options.value("from") or "")

    def one(target: tuple[str, Node]) -> None:
        name, node = target
        if only[0] not in (None, node.uid) or only[1] not in (None, node.gid):
            return
        if not _may_give(call, node, uid, gid):
            raise CommandFailedError(f"changing ownership of '{name}': Operation not permitted")
        before = _owner_shown(call, node, uid, gid)
        give(node, uid, gid)
        after = _owner_shown(call, node, uid, gid)
        what = f"{'ownership' if uid is not None else 'group'} of '{name}'"
        _tell(call, options, what, before, after, f"changed {what}")

    return _each_target(call, options, operands, one)


def _may_give(call: Invocation, node: Node, uid: int | None, gid: int | None) -> bool:
    """chown(2): root anything, others the group of their own files to one they are in."""
    user = call.user
    own = user.uid == node.uid and uid in (None, node.uid)
    return user.uid == 0 or (own and gid in (None, node.gid, user.gid, *user.groups))


def _owner_shown(call: Invocation, node: Node, uid: int | None, gid: int | None) -> str:
    """Those of a node's owner and group that are to be changed, by name."""
    user = next((u.name for u in users(call.tree) if u.uid == node.uid), str(node.uid))
    group = next((g.name for g in groups(call.tree) if g.gid == node.gid), str(node.gid))
    return ":".join([user] * (uid is not None) + [group] * (gid is not None))


def give(node: Node, uid: int | None, gid: int | None) -> None:
    """As chown(2): None leaves an id as it is; a file's set-id bits are lost."""
    node.uid = node.uid if uid is None else uid
    node.gid = node.gid if gid is None else gid
    if isinstance(node, File):
        node.mode &= ~_SET_USER
        if node.mode & 0o010:
            node.mode &= ~_SET_GROUP


def owner_of(call: Invocation, spec: str) -> tuple[int | None, int | None]:
    """`user`, `user:group`, `user:` (the login group) or `:group`; None leaves one as it is."""
    user, colon, group = spec.partition(":")
    if not colon and all(u.name != spec for u in users(call.tree)):
        user, colon, group = spec.partition(".")  # as it was once written
    try:
        ids = resolve_user(call.tree, user.removeprefix("+")) if user else None
        gid = resolve_group(call.tree, group.removeprefix("+")) if group else None
    except AccountError:
        kind = "user" if user else "group"
        raise CommandFailedError(f"invalid {kind}: '{spec}'") from None
    if colon and not group and ids is not None:
        gid = ids.gid
    return (ids.uid if ids else None), gid


def _targets(call: Invocation, path: str, options: Options) -> list[tuple[str, Node]]:
    """An operand, with all below it for -R.

    Without -R a link stands for its target, unless -h is given. With -R chmod passes over links
    below an operand; for chown a link is changed itself, and -H follows the operands and changes
    what links below lead to."""
    deep = options.has("R", "recursive")
    owners = call.name != "chmod"
    through = options.has("H", "L")
    follow = not options.has("h", "no-dereference") and (not owners or not deep or through)
    node = call.existing(path, follow)
    if not deep:
        return [(path, node)]
    found = call.walk(path, node)
    if not owners or not through or not follow:
        return found
    targets = []
    for name, below in found:
        leads = call.existing(name) if isinstance(below, Symlink) else below
        if options.has("L") and leads is not below and isinstance(leads, Directory):
            raise call.unsupported("`-L` over links to folders", "Name the folders themselves.")
        targets.append((name, leads))
    return targets


def mkdir(call: Invocation) -> int:
    options = parse_options(call, "pm:v", {"parents": False, "mode": True, "verbose": False})
    text = options.value("m", "mode")
    mode = None if text is None else mode_change(text)
    if not options.operands:
        raise CommandFailedError("missing operand")

    def one(path: str) -> None:
        for made in make_folder(call, path, mode, options.has("p", "parents")):
            if options.has("v", "verbose"):
                call.print(f"mkdir: created directory '{made}'")

    return call.each(options.operands, one)


def make_folder(
    call: Invocation, path: str, mode: Callable[[int, bool], int] | None, parents: bool
) -> list[str]:
    """A folder, and with parents those above it that are missing. mode: of the last one, from
    0777; None for 0755. Gives what was made."""
    present = call.node(path)
    if present is not None and (not parents or not isinstance(present, Directory)):
        raise CommandFailedError(f"cannot create directory '{path}': File exists")
    if present is not None:
        return []
    require_depth(path, call.tree.resolve(call.path(path)).count("/"))
    made = []
    above = path.rstrip("/").rpartition("/")[0]
    if parents and above:
        made = make_folder(call, above, None, True)
    parent, name = call.parent(path)
    if name in parent.entries:  # a link to nothing
        raise CommandFailedError(f"cannot create directory '{path}': File exists")
    folder = parent.entries[name] = call.own(Directory(mode=0o755), parent)
    if mode is not None:
        kept = folder.mode & _SET_GROUP
        folder.mode = mode(0o777 | kept, True)
    return [*made, path]


def touch(call: Invocation) -> int:
    argv = {"no-create": False, "date": True, "reference": True, "time": True}
    options = parse_options(call, "acmd:t:r:h", argv | {"no-dereference": False})
    if not options.operands:
        raise CommandFailedError("missing file operand")
    _check_times(call, options)

    def one(path: str) -> None:
        node = call.node(path)
        if node is not None:
            if call.user.uid != node.uid and not permitted(node, call.user, WRITE):
                raise CommandFailedError(f"cannot touch '{path}': Permission denied")
            node.mtime = call.epoch  # in a build every time is the step's, -d or not
        elif not options.has("c", "no-create"):
            if path.endswith("/"):
                raise CommandFailedError(f"setting times of '{path}': No such file or directory")
            parent, name = call.parent(call.tree.resolve(call.path(path)) if path else "")
            parent.entries[name] = call.own(File(mode=0o644), parent)

    return call.each(options.operands, one)


def _check_times(call: Invocation, options: Options) -> None:
    """Which time is meant makes no difference in a build; that it is one does."""
    for text in (*options.values.get("d", ()), *options.values.get("date", ())):
        if moment_of(text, call.epoch) is None:
            raise CommandFailedError(f"invalid date format '{text}'")
    for text in options.values.get("t", ()):
        if not re.fullmatch(_STAMP, text):
            raise CommandFailedError(f"invalid date format '{text}'")
    for path in (*options.values.get("r", ()), *options.values.get("reference", ())):
        call.existing(path)


def ln(call: Invocation) -> int:
    argv = {
        "symbolic": False,
        "force": False,
        "no-dereference": False,
        "no-target-directory": False,
        "relative": False,
        "verbose": False,
        "target-directory": True,
        "logical": False,
        "physical": False,
    }
    options = parse_options(call, "sfnvTrt:LP", argv, "b S i d F backup suffix interactive")
    operands = list(options.operands)
    folder = options.value("t", "target-directory")
    if folder is None and len(operands) == 1:
        folder = "."
    if folder is None:
        if len(operands) < 2:
            raise CommandFailedError("missing file operand")
        target = operands.pop()
        plain = options.has("T", "no-target-directory") or (
            options.has("n", "no-dereference")
            and isinstance(call.node(target, follow=False), Symlink)
        )
        if not plain and isinstance(call.node(target), Directory):
            folder = target
        elif len(operands) > 1:
            raise CommandFailedError(f"target '{target}' is not a directory")
        else:
            _link(call, operands[0], target, options)
            return 0
    into = folder.rstrip("/")

    def one(source: str) -> None:
        _link(call, source, f"{into}/{source.rstrip('/').rpartition('/')[2]}", options)

    return call.each(operands, one)


def _link(call: Invocation, source: str, target: str, options: Options) -> None:
    symbolic = options.has("s", "symbolic")
    if not symbolic:
        node = call.existing(source, follow=options.has("L", "logical"))
        if isinstance(node, Directory):
            raise CommandFailedError(f"{source}: hard link not allowed for directory")
        # Linux, fs.protected_hardlinks: files of others only where they may be written.
        shared = isinstance(node, File) and permitted(node, call.user, READ | WRITE)
        if call.user.uid not in (0, node.uid) and not shared:
            raise CommandFailedError(f"failed to link '{source}': Operation not permitted")
    if not source or slash_at_no_folder(call, target):
        raise CommandFailedError(
            f"failed to create link '{target}' -> '{source}': No such file or directory"
        )
    if symbolic and options.has("r", "relative"):
        above = call.path(target).rpartition("/")[0]
        source = _relative(call.tree.resolve(call.path(source)), call.tree.resolve(above))
    parent, name = call.parent(target)
    present = parent.entries.get(name)
    if present is not None:
        if not options.has("f", "force"):
            raise CommandFailedError(f"failed to create link '{target}': File exists")
        if isinstance(present, Directory):
            raise CommandFailedError(f"'{target}': cannot overwrite directory")
        call.require_removable(parent, present, target)
        if call.node(source) is present and _same_name(call, source, target):
            raise CommandFailedError(f"'{source}' and '{target}' are the same file")
    parent.entries[name] = call.own(Symlink(target=source), parent) if symbolic else node
    if options.has("v", "verbose"):
        call.print(f"'{target}' {'->' if symbolic else '=>'} '{source}'")


def _same_name(call: Invocation, source: str, target: str) -> bool:
    """Whether two paths are one entry of one folder."""
    places = [call.path(path).rpartition("/") for path in (source, target)]
    folders = [call.tree.get(above or "/") for above, _, _ in places]
    return folders[0] is folders[1] and places[0][2] == places[1][2]


def link(call: Invocation) -> int:
    if len(call.arguments) != 2:
        raise CommandFailedError("two operands are needed")
    return ln(call.calling("ln", "-T", *call.arguments))


def _relative(source: str, folder: str) -> str:
    here = [part for part in folder.split("/") if part]
    there = [part for part in source.split("/") if part]
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + there[shared:]) or "."


def mode_change(text: str) -> Callable[[int, bool], int]:
    try:
        return parse_mode(text)
    except BadModeError as error:
        raise CommandFailedError(f"invalid mode: '{text}'") from error


COMMANDS = {
    "chmod": Command(chmod, makes_programs=True),
    "chown": Command(chown),
    "chgrp": Command(chgrp),
    "mkdir": Command(mkdir),
    "touch": Command(touch),
    "ln": Command(ln, makes_programs=True),
    "link": Command(link, makes_programs=True),
}
