"""Commands that touch what the shell's own cannot carry: owners, modes, hard links, times.

Belongs here: chmod, chown, chgrp, ln, mkdir, touch over our nodes. Does not: cp and install
(`copies`), the commands the shell carries well by itself (rm, mv, cat, sed, find ..).

Rules: POSIX and the GNU options that Dockerfiles use; an unknown option fails, it is never ignored.
"""

from __future__ import annotations

from collections.abc import Callable

from boxer.errors import AccountError, BadModeError
from boxer.filetree import (
    Directory,
    File,
    Node,
    Symlink,
    parse_mode,
    require_depth,
    resolve_group,
    resolve_user,
)
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_VERBOSE = {"verbose": False, "recursive": False, "no-dereference": False, "reference": True}


def chmod(call: Invocation) -> None:
    argv = list(call.arguments)
    # A mode that takes permissions away looks like options: `chmod -w file`.
    call.arguments = [
        "./" + w if w[:1] == "-" and w[1:] and set(w[1:]) <= set("rwxXst") else w for w in argv
    ]
    options = parse_options(call, "Rvcf", _VERBOSE | {"changes": False, "silent": False})
    if len(options.operands) < 2:
        raise CommandFailedError("missing operand")
    change = mode_change(options.operands[0].removeprefix("./"))
    for path in options.operands[1:]:
        for name, node in _targets(call, path, options):
            if isinstance(node, Symlink):
                continue
            call.require_owner(node, name)
            node.mode = change(node.mode, isinstance(node, Directory))


def chown(call: Invocation) -> None:
    _change_owner(call, group_only=False)


def chgrp(call: Invocation) -> None:
    _change_owner(call, group_only=True)


def _change_owner(call: Invocation, group_only: bool) -> None:
    options = parse_options(call, "RhvcfHLP", _VERBOSE | {"from": True, "preserve-root": False})
    reference = options.value("reference")
    operands = options.operands
    if reference is not None:
        like = call.existing(reference)
        uid: int | None = None if group_only else like.uid
        gid: int | None = like.gid
    else:
        if not operands:
            raise CommandFailedError("missing operand")
        spec = f":{operands[0]}" if group_only else operands[0]
        uid, gid = owner_of(call, spec)
        operands = operands[1:]
    if not operands:
        raise CommandFailedError("missing operand")
    for path in operands:
        for name, node in _targets(call, path, options):
            if call.user.uid != 0:
                raise CommandFailedError(f"changing ownership of '{name}': Operation not permitted")
            node.uid = node.uid if uid is None else uid
            node.gid = node.gid if gid is None else gid


def owner_of(call: Invocation, spec: str) -> tuple[int | None, int | None]:
    """`user`, `user:group`, `user:` (the login group) or `:group`; None leaves one as it is."""
    user, colon, group = spec.partition(":")
    try:
        ids = resolve_user(call.tree, user) if user else None
        gid = resolve_group(call.tree, group) if group else None
    except AccountError:
        raise CommandFailedError(f"invalid user: '{spec}'") from None
    if colon and not group and ids is not None:
        gid = ids.gid
    return (ids.uid if ids else None), gid


def _targets(call: Invocation, path: str, options: Options) -> list[tuple[str, Node]]:
    """An operand, with all below it for -R. Links below are themselves; at the top, their targets
    unless -h or -R -P says otherwise."""
    follow = not options.has("h", "no-dereference")
    node = call.existing(path, follow)
    if options.has("R", "recursive"):
        return call.walk(path, node)
    return [(path, node)]


def mkdir(call: Invocation) -> int:
    options = parse_options(call, "pm:v", {"parents": False, "mode": True, "verbose": False})
    text = options.value("m", "mode")
    mode = 0o755 if text is None else mode_change(text)(0o777, True)
    if not options.operands:
        raise CommandFailedError("missing operand")
    status = 0
    for path in options.operands:
        try:
            make_folder(call, path, mode, options.has("p", "parents"))
        except CommandFailedError as failure:
            call.warn(str(failure))
            status = 1
    return status


def make_folder(call: Invocation, path: str, mode: int, parents: bool) -> None:
    present = call.node(path)
    if present is not None and (not parents or not isinstance(present, Directory)):
        raise CommandFailedError(f"cannot create directory '{path}': File exists")
    if present is not None:
        return
    require_depth(path, call.tree.resolve(call.path(path)).count("/"))
    above = call.path(path).rpartition("/")[0]
    if parents and above:
        make_folder(call, above, 0o755, True)
    parent, name = call.parent(path)
    if name in parent.entries:  # a link to nothing
        raise CommandFailedError(f"cannot create directory '{path}': File exists")
    parent.entries[name] = new_node(call, Directory(mode=mode))


def touch(call: Invocation) -> None:
    argv = {"no-create": False, "date": True, "reference": True, "time": True}
    options = parse_options(call, "acmd:t:r:h", argv)
    for path in options.operands:
        node = call.node(path)
        if node is None and not options.has("c", "no-create"):
            parent, name = call.parent(call.tree.resolve(call.path(path)))
            parent.entries[name] = new_node(call, File(mode=0o644))
        elif node is not None:
            node.mtime = call.epoch  # in a build every time is the step's, -d or not


def ln(call: Invocation) -> None:
    argv = {
        "symbolic": False,
        "force": False,
        "no-dereference": False,
        "no-target-directory": False,
        "relative": False,
        "verbose": False,
        "target-directory": True,
    }
    options = parse_options(call, "sfnvTrt:", argv)
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
            return
    for source in operands:
        _link(
            call, source, f"{folder.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}", options
        )


def _link(call: Invocation, source: str, target: str, options: Options) -> None:
    parent, name = call.parent(target)
    present = parent.entries.get(name)
    if present is not None:
        if not options.has("f", "force"):
            raise CommandFailedError(f"failed to create link '{target}': File exists")
        if isinstance(present, Directory):
            raise CommandFailedError(f"'{target}': cannot overwrite directory")
    if options.has("s", "symbolic"):
        if options.has("r", "relative"):
            source = _relative(call.path(source), call.path(target))
        parent.entries[name] = new_node(call, Symlink(target=source))
        return
    node = call.existing(source, follow=False)
    if isinstance(node, Directory):
        raise CommandFailedError(f"{source}: hard link not allowed for directory")
    parent.entries[name] = node


def _relative(source: str, target: str) -> str:
    here = target.strip("/").split("/")[:-1]
    there = source.strip("/").split("/")
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + there[shared:])


def mode_change(text: str) -> Callable[[int, bool], int]:
    try:
        return parse_mode(text)
    except BadModeError as error:
        raise CommandFailedError(f"invalid mode: '{text}'") from error


def new_node(call: Invocation, node: File | Directory | Symlink) -> Node:
    node.uid, node.gid, node.mtime = call.user.uid, call.user.gid, call.epoch
    return node


COMMANDS = {
    "chmod": Command(chmod, makes_programs=True),
    "chown": Command(chown),
    "chgrp": Command(chgrp),
    "mkdir": Command(mkdir),
    "touch": Command(touch),
    "ln": Command(ln, makes_programs=True),
}
