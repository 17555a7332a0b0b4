"""mv and rm: names that go elsewhere, or nowhere.

Belongs here: those two. Does not: copies (`copies`), rmdir and unlink, which the shell has.

Rules: mv(1) and rm(1) of the GNU programs.
"""

from __future__ import annotations

from boxer.filetree import (
    EXECUTE,
    READ,
    WRITE,
    Directory,
    Node,
    contains,
    depth_of,
    permitted,
    require_depth,
)
from boxer.userland.commands.destinations import destination_of, is_older, slash_at_no_folder
from boxer.userland.invocation import (
    FAILURES,
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_MV: dict[str, bool | None] = {
    "force": False,
    "no-clobber": False,
    "update": False,
    "verbose": False,
    "target-directory": True,
    "no-target-directory": False,
    "strip-trailing-slashes": False,
}
_RM: dict[str, bool | None] = {
    "recursive": False,
    "force": False,
    "verbose": False,
    "dir": False,
    "one-file-system": False,
    "preserve-root": None,
    "no-preserve-root": False,
}


def mv(call: Invocation) -> int:
    options = parse_options(call, "fnuvt:T", _MV, "b S i Z backup suffix interactive context")
    operands = list(options.operands)
    target, into = destination_of(call, options, operands)
    made: set[Node] = set()

    def one(source: str) -> None:
        name = source.rstrip("/").rpartition("/")[2]
        made.add(
            _move(call, options, source, f"{target.rstrip('/')}/{name}" if into else target, made)
        )

    status = call.each(operands, one)
    call.programs = any(isinstance(node, Directory) or node.mode & 0o111 for node in made)
    return status


def _move(call: Invocation, options: Options, source: str, target: str, made: set[Node]) -> Node:
    node = call.existing(source.rstrip("/") or source, follow=False)
    if source.endswith("/") and not isinstance(node, Directory):
        raise CommandFailedError(f"cannot move '{source}' to '{target}': Not a directory")
    if source.rstrip("/").rpartition("/")[2] in ("", ".", ".."):
        raise CommandFailedError(f"cannot move '{source}' to '{target}': Device or resource busy")
    parent, name = call.folder_of(source.rstrip("/"))
    place, new_name = call.parent(target.rstrip("/") or target)
    present = place.entries.get(new_name)
    if slash_at_no_folder(call, target) and not isinstance(node, Directory):
        raise CommandFailedError(f"cannot move '{source}' to '{target}': Not a directory")
    if present in made and not isinstance(present, Directory):
        raise CommandFailedError(f"will not overwrite just-created '{target}' with '{source}'")
    if present is not None and options.has("n", "no-clobber"):
        return node
    if present is node:
        raise CommandFailedError(f"'{source}' and '{target}' are the same file")
    if isinstance(node, Directory) and contains(node, place):
        raise CommandFailedError(f"cannot move '{source}' to a subdirectory of itself, '{target}'")
    if present is not None:
        if isinstance(present, Directory) and not isinstance(node, Directory):
            raise CommandFailedError(
                f"cannot overwrite directory '{target}' with non-directory '{source}'"
            )
        if isinstance(node, Directory) and not isinstance(present, Directory):
            raise CommandFailedError(
                f"cannot overwrite non-directory '{target}' with directory '{source}'"
            )
        if isinstance(present, Directory) and present.entries:
            raise CommandFailedError(f"cannot move '{source}' to '{target}': Directory not empty")
        if options.has("u", "update") and is_older(call, node, present):
            return node
        call.require_removable(place, present, target)
    call.require_removable(parent, node, source)
    if isinstance(node, Directory):
        require_depth(target, call.tree.resolve(call.path(target)).count("/") + depth_of(node))
        if place is not parent and not permitted(node, call.user, WRITE):
            raise CommandFailedError(f"cannot move '{source}' to '{target}': Permission denied")
    del parent.entries[name]
    place.entries[new_name] = node
    if options.has("v", "verbose"):
        call.print(f"renamed '{source}' -> '{target}'")
    return node


def rm(call: Invocation) -> int:
    options = parse_options(call, "rRfvd", _RM, "i I interactive")
    if not options.operands and not options.has("f", "force"):
        raise CommandFailedError("missing operand")

    def one(path: str) -> None:
        _remove_operand(call, options, path)

    return call.each(options.operands, one)


def _remove_operand(call: Invocation, options: Options, path: str) -> None:
    force, deep = options.has("f", "force"), options.has("r", "R", "recursive")
    bare = path.rstrip("/")
    if bare.rpartition("/")[2] in (".", ".."):
        raise CommandFailedError(f"refusing to remove '.' or '..' directory: skipping '{path}'")
    if path and not bare:
        raise CommandFailedError("it is dangerous to operate recursively on '/'")
    node = call.node(path, follow=False) if path else None
    named = call.node(bare, follow=False) if path else None
    if node is None or named is None:
        if not force:
            call.existing(path, follow=False)
        return
    parent, name = call.folder_of(bare)
    if not isinstance(node, Directory):
        _take(call, options, parent, name, path)
    elif deep:
        _empty(call, options, node, path)
        if named is node:
            _take(call, options, parent, name, path)
        elif not force:  # `rm -r link/`: what is in the folder, not the link
            raise CommandFailedError(f"cannot remove '{path}': Not a directory")
    elif not options.has("d", "dir"):
        raise CommandFailedError(f"cannot remove '{path}': Is a directory")
    elif node.entries:
        raise CommandFailedError(f"cannot remove '{path}': Directory not empty")
    else:
        _take(call, options, parent, name, path)


def _empty(call: Invocation, options: Options, folder: Directory, path: str) -> None:
    if folder.entries and not permitted(folder, call.user, READ | EXECUTE):
        raise CommandFailedError(f"cannot remove '{path}': Permission denied")

    status = 0
    for name, child in folder.sorted_entries():
        inside = f"{path.rstrip('/')}/{name}"
        try:
            if isinstance(child, Directory):
                _empty(call, options, child, inside)
            _take(call, options, folder, name, inside)
        except FAILURES as failure:
            status = call.told(failure)
    if status:
        raise CommandFailedError(f"cannot remove '{path}': Directory not empty")


def _take(call: Invocation, options: Options, parent: Directory, name: str, path: str) -> None:
    node = parent.entries[name]
    call.require_removable(parent, node, path)
    del parent.entries[name]
    if options.has("v", "verbose"):
        kind = "directory " if isinstance(node, Directory) else ""
        call.print(f"removed {kind}'{path}'")


COMMANDS = {"mv": Command(mv, makes_programs=True), "rm": Command(rm)}
