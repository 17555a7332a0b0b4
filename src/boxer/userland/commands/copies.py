"""cp and install, with owners, modes and links as Linux keeps them.

Belongs here: copies within a tree. Does not: COPY and ADD (`boxer.instructions.copying`).

Rules: cp(1) and install(1) of the GNU programs. A new copy belongs to the user of the step; -p and
-a keep the owner, for root, and the time.
"""

from __future__ import annotations

from boxer.filetree import (
    WRITE,
    Directory,
    File,
    Node,
    Symlink,
    contains,
    permitted,
    shallow_copy,
)
from boxer.userland.commands.files import make_folder, mode_change, new_node, owner_of
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)


def cp(call: Invocation) -> None:
    argv = {
        "recursive": False,
        "archive": False,
        "force": False,
        "verbose": False,
        "preserve": False,
        "no-dereference": False,
        "dereference": False,
        "no-clobber": False,
        "update": False,
        "target-directory": True,
        "no-target-directory": False,
        "parents": False,
    }
    options = parse_options(call, "rRapfvnuLPdHTt:i", argv)
    operands = list(options.operands)
    folder = options.value("t", "target-directory")
    target = folder if folder is not None else (operands.pop() if len(operands) > 1 else None)
    if target is None or not operands:
        raise CommandFailedError("missing destination file operand")
    into = isinstance(call.node(target), Directory) and not options.has("T", "no-target-directory")
    if len(operands) > 1 and not into:
        raise CommandFailedError(f"target '{target}' is not a directory")
    if options.has("parents"):
        raise CommandFailedError("option '--parents' is not there in a build; name the folders", 2)
    for source in operands:
        name = call.path(source).rpartition("/")[2] if not source.endswith("/.") else "."
        _copy(call, source, f"{target.rstrip('/')}/{name}" if into else target, options)


def _copy(call: Invocation, source: str, target: str, options: Options) -> None:
    deep = options.has("r", "R", "a", "recursive", "archive")
    keep_links = options.has("P", "d", "a", "archive", "no-dereference") or (
        deep and not options.has("L", "dereference")
    )
    is_folder = source.rpartition("/")[2] in ("", ".", "..")
    node = call.existing(source, follow=not keep_links or is_folder)
    if isinstance(node, Directory) and not deep:
        raise CommandFailedError(f"-r not specified; omitting directory '{source}'")
    inside = call.path(target)
    if isinstance(node, Directory) and _goes_into(call, node, inside):
        raise CommandFailedError(f"cannot copy a directory, '{source}', into itself, '{target}'")
    _Copy(call, options).put(node, inside)


def _goes_into(call: Invocation, folder: Directory, path: str) -> bool:
    """Whether a path is within a folder, by whatever links it is named."""
    place = call.tree.get(path) or call.tree.get(path.rpartition("/")[0] or "/")
    return isinstance(place, Directory) and contains(folder, place)


class _Copy:
    """One operand of cp. Two names of one file stay so with -a, as -d asks for."""

    def __init__(self, call: Invocation, options: Options) -> None:
        self._call = call
        self._keep = options.has("a", "p", "archive", "preserve")
        self._keep_links = options.has("a", "d", "archive")
        self._no_clobber = options.has("n", "no-clobber")
        self._follow = options.has("L", "dereference")
        self._seen: dict[Node, Node] = {}

    def put(self, node: Node, path: str) -> None:
        present = self._call.node(path, follow=False)
        if isinstance(present, Symlink) and not self._keep_links:
            followed = self._call.tree.get(path)
            if followed is not None:
                present, path = followed, self._call.tree.resolve(path)
        if isinstance(node, Directory):
            self._folder(node, present, path)
        elif isinstance(present, Directory):
            raise CommandFailedError(f"cannot overwrite directory '{path}' with non-directory")
        elif present is not None and self._no_clobber:
            return
        elif present is node:
            raise CommandFailedError(f"'{path}' and its copy are the same file")
        elif isinstance(node, File) and isinstance(present, File) and not self._keep_links:
            if not permitted(present, self._call.user, WRITE):
                raise CommandFailedError(f"cannot create regular file '{path}': Permission denied")
            present.data, present.mtime = node.data, self._call.epoch
            self._preserve(node, present)
        else:
            parent, name = self._call.parent(path)
            parent.entries[name] = self._copied(node)

    def _folder(self, node: Directory, present: Node | None, path: str) -> None:
        if present is not None and not isinstance(present, Directory):
            raise CommandFailedError(f"cannot overwrite non-directory '{path}' with directory")
        if present is None:
            parent, name = self._call.parent(path)
            parent.entries[name] = self._copied(node)
        for name, child in node.sorted_entries():
            if self._follow and isinstance(child, Symlink):
                raise CommandFailedError(
                    "option '-L' does not reach links inside folders in a build", 2
                )
            self.put(child, f"{path.rstrip('/')}/{name}")
        if present is not None:
            self._preserve(node, present)

    def _copied(self, node: Node) -> Node:
        if self._keep_links and node in self._seen:
            return self._seen[node]
        copied = shallow_copy(node)
        copied.uid, copied.gid = self._call.user.uid, self._call.user.gid
        copied.mtime = self._call.epoch
        copied.mode &= 0o777 if isinstance(node, Symlink) else 0o755
        self._preserve(node, copied)
        self._seen[node] = copied
        return copied

    def _preserve(self, node: Node, copied: Node) -> None:
        """What -p and -a keep, of what was there already, too. Only root gives files away."""
        if not self._keep:
            return
        copied.mode, copied.mtime = node.mode, node.mtime
        if self._call.user.uid == 0:
            copied.uid, copied.gid = node.uid, node.gid


def install(call: Invocation) -> None:
    argv = {
        "directory": False,
        "mode": True,
        "owner": True,
        "group": True,
        "verbose": False,
        "target-directory": True,
        "no-target-directory": False,
        "preserve-timestamps": False,
    }
    options = parse_options(call, "dDm:o:g:vt:Tpcs", argv)
    mode = mode_change(options.value("m", "mode") or "755")(0, False)
    uid = owner_of(call, options.value("o", "owner") or "")[0]
    gid = owner_of(call, f":{options.value('g', 'group') or ''}")[1]
    made: list[str] = []
    if options.has("d", "directory"):
        for path in options.operands:
            make_folder(call, path, 0o755, True)
            made.append(path)
    else:
        made = _install_files(call, options)
    for path in made:
        node = call.existing(path)
        node.mode = mode
        node.uid = call.user.uid if uid is None else uid
        node.gid = call.user.gid if gid is None else gid


def _install_files(call: Invocation, options: Options) -> list[str]:
    operands = list(options.operands)
    target = options.value("t", "target-directory")
    if target is None:
        if len(operands) < 2:
            raise CommandFailedError("missing destination file operand")
        target = operands.pop()
        into = isinstance(call.node(target), Directory) or len(operands) > 1
    else:
        into = True
    if options.has("D"):
        above = target if into else target.rpartition("/")[0]
        if above:
            make_folder(call, above, 0o755, True)
    made = []
    for source in operands:
        node = call.existing(source)
        if not isinstance(node, File):
            raise CommandFailedError(f"omitting directory '{source}'")
        path = f"{target.rstrip('/')}/{source.rpartition('/')[2]}" if into else target
        parent, name = call.parent(path)
        if isinstance(parent.entries.get(name), Directory):
            raise CommandFailedError(f"cannot overwrite directory '{path}'")
        parent.entries[name] = new_node(call, File(data=node.data))
        made.append(path)
    return made


COMMANDS = {
    "cp": Command(cp, makes_programs=True),
    "install": Command(install, makes_programs=True),
}
