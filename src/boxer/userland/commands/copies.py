"""cp and install, with owners, modes and links as Linux keeps them.

Belongs here: copies within a tree. Does not: COPY and ADD (`boxer.instructions.copying`).

Rules: cp(1) and install(1) of the GNU programs. A new copy belongs to the user of the step; -p and
-a keep the owner, for root, and the time. A build's clock stands still: what -u would need to know
of two files that differ and have one time is an error.
"""

from __future__ import annotations

import functools

from boxer.filetree import (
    READ,
    WRITE,
    Directory,
    File,
    Node,
    Symlink,
    contains,
    permitted,
    require_depth,
    require_room,
    shallow_copy,
)
from boxer.userland.commands.destinations import destination_of, is_older, slash_at_no_folder
from boxer.userland.commands.files import give, make_folder, mode_change, owner_of
from boxer.userland.invocation import (
    FAILURES,
    Command,
    CommandFailedError,
    Invocation,
    Options,
    names_a_folder,
    parse_options,
)

_CP: dict[str, bool | None] = {
    "recursive": False, "archive": False, "force": False, "verbose": False, "preserve": None,
    "no-preserve": True, "no-dereference": False, "dereference": False, "no-clobber": False,
    "update": False, "target-directory": True, "no-target-directory": False, "parents": False,
    "link": False, "symbolic-link": False, "remove-destination": False, "one-file-system": False,
    "reflink": None, "sparse": True, "strip-trailing-slashes": False,
}  # fmt: skip
_ABSENT = "b S i Z backup suffix interactive copy-contents attributes-only context"
_ATTRIBUTES = {"mode", "ownership", "timestamps", "links"}
_USUAL = {"mode", "ownership", "timestamps"}
_KEPT_NOWHERE = {"context", "xattr"}
_UMASK = 0o022
# Copies of what links lead to may be many more than there are files.
_COUNTED_EVERY = 10_000


def cp(call: Invocation) -> int:
    options = parse_options(call, "rRapfvnuLPdHTt:lsx", _CP, _ABSENT)
    operands = list(options.operands)
    target, into = destination_of(call, options, operands)
    copy = _Copy(call, options)
    if options.has("parents") and not into:
        raise CommandFailedError("with --parents, the destination must be a directory")

    def one(source: str) -> None:
        if not into:
            copy.operand(source, target)
        elif options.has("parents"):
            copy.with_parents(source, target)
        else:
            name = source.rstrip("/").rpartition("/")[2]
            name = "." if name in (".", "..") else name  # then what is in it goes into the target
            copy.operand(source, f"{target.rstrip('/')}/{name}")

    return call.each(operands, one)


class _Copy:
    """One call of cp. Two names of one file stay so with -a and -d."""

    def __init__(self, call: Invocation, options: Options) -> None:
        self._call = call
        self._options = options
        self._deep = options.has("r", "R", "a", "recursive", "archive")
        self._follow = options.has("L", "dereference")
        as_they_are = options.has("P", "d", "a", "archive", "no-dereference")
        self._follow_operands = self._follow or options.has("H") or not (as_they_are or self._deep)
        self._keep, self._plain_modes = _kept(options)
        self._links = options.has("l", "link")
        self._symbolic = options.has("s", "symbolic-link")
        self._above: list[Directory] = []
        self._seen: dict[Node, Node] = {}
        self._operands: set[str] = set()
        self._made: set[Node] = set()
        self._count = 0

    def operand(self, source: str, target: str) -> None:
        call = self._call
        node = self._node(source, self._follow_operands or names_a_folder(source))
        if isinstance(node, Directory):
            if not self._deep:
                raise CommandFailedError(f"-r not specified; omitting directory '{source}'")
            if _goes_into(call, node, call.path(target)):
                raise CommandFailedError(
                    f"cannot copy a directory, '{source}', into itself, '{target}'"
                )
        elif slash_at_no_folder(call, target):
            raise CommandFailedError(f"cannot create regular file '{target}': Not a directory")
        if call.path(source) in self._operands:
            call.warn(f"warning: source '{source}' specified more than once")
            return
        self._operands.add(call.path(source))
        if not isinstance(node, Directory) and call.node(target, follow=False) in self._made:
            raise CommandFailedError(f"will not overwrite just-created '{target}' with '{source}'")
        self._put(node, source, target)
        made = call.node(target, follow=False)
        if made is not None:
            self._made.add(made)

    def with_parents(self, source: str, folder: str) -> None:
        """`cp --parents a/b/c d`: d/a/b/c, its folders with the modes they have."""
        here, there = "/" if source.startswith("/") else "", folder.rstrip("/")
        for name in source.strip("/").split("/")[:-1]:
            here, there = f"{here}{name}/", f"{there}/{name}"
            if name not in ("", ".") and self._call.node(there) is None:
                node = self._call.existing(here)
                parent, last = self._call.parent(there)
                if isinstance(node, Directory):
                    made = parent.entries[last] = self._new_folder(node, parent)
                    self._preserve(node, made)
        self.operand(source, f"{folder.rstrip('/')}/{source.strip('/')}")

    def _node(self, path: str, follow: bool) -> Node:
        node = self._call.node(path, follow)
        if node is None and self._call.path(path) == "/dev/null":
            return File(mode=0o666)
        node = self._call.existing(path, follow) if node is None else node
        if not isinstance(node, Symlink) and not permitted(node, self._call.user, READ):
            raise CommandFailedError(f"cannot open '{path}' for reading: Permission denied")
        return node

    def _put(self, node: Node, source: str, path: str) -> None:
        self._count += 1
        if self._count % _COUNTED_EVERY == 0:
            require_room(self._call.tree)
        if isinstance(node, Directory):
            self._folder(node, source, path)
            return
        parent, name = self._call.parent(path)
        present = parent.entries.get(name)
        if (
            isinstance(present, Symlink)
            and isinstance(node, File)
            and not self._replaces(node, present)
        ):
            parent, name, present = self._through(path)
        if isinstance(present, Directory):
            raise CommandFailedError(f"cannot overwrite directory '{path}' with non-directory")
        if present is not None:
            if self._options.has("n", "no-clobber"):
                return
            if self._options.has("u", "update") and is_older(self._call, node, present):
                return
            if present is node and not self._links:
                raise CommandFailedError(f"'{source}' and '{path}' are the same file")
            if (self._links or self._symbolic) and not self._options.has("f", "force"):
                raise CommandFailedError(f"cannot create link '{path}': File exists")
        self._say(source, path)
        if (
            isinstance(node, File)
            and isinstance(present, File)
            and not self._replaces(node, present)
        ):
            if permitted(present, self._call.user, WRITE):
                present.data, present.mtime = node.data, self._call.epoch
                self._preserve(node, present)
                self._seen.setdefault(node, present)
                return
            if not self._options.has("f", "force"):
                raise CommandFailedError(f"cannot create regular file '{path}': Permission denied")
        if present is not None:
            self._call.require_removable(parent, present, path)
        parent.entries[name] = self._new(node, source, path, parent)

    def _replaces(self, node: Node, present: Node) -> bool:
        """Whether what is there is taken away for a node, not written into."""
        if self._links or self._symbolic or self._options.has("remove-destination"):
            return True
        return "links" in self._keep and (node in self._seen or present in self._with_names)

    @functools.cached_property
    def _with_names(self) -> set[Node]:
        """The files that had more than one name before."""
        seen: set[Node] = set()
        again = set()
        for _, node in self._call.tree.walk():
            if node in seen:
                again.add(node)
            seen.add(node)
        return again

    def _through(self, path: str) -> tuple[Directory, str, Node]:
        """Where a link leads that stands in the place of a copy: it is written through."""
        leads = self._call.tree.resolve(self._call.path(path))
        parent, name = self._call.parent(leads)
        present = parent.entries.get(name)
        if present is None:
            raise CommandFailedError(f"not writing through dangling symlink '{path}'")
        return parent, name, present

    def _new(self, node: Node, source: str, path: str, parent: Directory) -> Node:
        if self._links:
            return node
        if self._symbolic:
            if not source.startswith("/") and "/" in path.removeprefix("./"):
                raise CommandFailedError(
                    f"'{path}': can make relative symbolic links only in current directory"
                )
            return self._call.own(Symlink(target=source), parent)
        return self._copied(node, parent)

    def _folder(self, node: Directory, source: str, path: str) -> None:
        if node in self._above:
            raise CommandFailedError(f"cannot copy cyclic symbolic link '{source}'")
        present = self._call.node(path, follow=False)
        if present is not None and not isinstance(present, Directory):
            raise CommandFailedError(f"cannot overwrite non-directory '{path}' with directory")
        if present is node:
            raise CommandFailedError(f"'{source}' and '{path}' are the same file")
        if present is None:
            self._say(source, path)
            require_depth(path, self._call.tree.resolve(self._call.path(path)).count("/"))
            parent, name = self._call.parent(path)
            folder = parent.entries[name] = self._new_folder(node, parent)
        else:
            folder = present
        self._above.append(node)

        status = 0
        for name, _ in node.sorted_entries():
            inside = f"{source.rstrip('/')}/{name}"
            try:
                self._put(self._node(inside, self._follow), inside, f"{path.rstrip('/')}/{name}")
            except FAILURES as failure:
                status = self._call.told(failure)
        self._above.pop()
        # Not before: what is made in a folder with the set-group bit would have its group.
        self._preserve(node, folder)
        if status:
            raise CommandFailedError(f"not all of '{source}' was copied", status)

    def _new_folder(self, node: Directory, parent: Directory) -> Directory:
        mode = 0o777 if self._plain_modes else node.mode & 0o1777
        return self._call.own(Directory(mode=mode & ~_UMASK), parent)

    def _copied(self, node: Node, parent: Directory) -> Node:
        if "links" in self._keep and node in self._seen:
            return self._seen[node]
        copied = shallow_copy(node)
        if not isinstance(node, Symlink):
            copied.mode = (0o666 if self._plain_modes else node.mode & 0o777) & ~_UMASK
        self._call.own(copied, parent)
        self._preserve(node, copied)
        self._seen[node] = copied
        return copied

    def _preserve(self, node: Node, copied: Node) -> None:
        """What -p and -a keep, of what was there already, too. Only root gives files away."""
        if "timestamps" in self._keep:
            copied.mtime = node.mtime
        if "ownership" in self._keep and self._call.user.uid == 0:
            give(copied, node.uid, node.gid)
        if "mode" not in self._keep:
            return
        if "ownership" in self._keep and copied.uid != node.uid:
            copied.mode = node.mode & 0o1777
        else:  # acl_set_file(3): set-id and sticky bits stay where the source has none of them
            copied.mode = node.mode | (0 if node.mode & 0o7000 else copied.mode & 0o7000)

    def _say(self, source: str, path: str) -> None:
        if self._options.has("v", "verbose"):
            self._call.print(f"'{source}' -> '{path}'")


def _kept(options: Options) -> tuple[set[str], bool]:
    """What copies keep of a file's attributes, and whether new files have no mode of theirs."""
    kept: set[str] = set()
    if options.has("a", "archive"):
        kept |= _ATTRIBUTES
    if options.has("p"):
        kept |= _USUAL
    if options.has("d"):
        kept.add("links")
    for text in options.values.get("preserve", []):
        kept |= _attributes(text) if text else _USUAL
    without = {name for text in options.values.get("no-preserve", []) for name in _attributes(text)}
    return kept - without, "mode" in without


def _attributes(text: str) -> set[str]:
    names = set(text.split(","))
    if "all" in names:
        return _ATTRIBUTES
    unknown = names - _ATTRIBUTES - _KEPT_NOWHERE
    if unknown:
        raise CommandFailedError(f"invalid argument '{min(unknown)}' for '--preserve'")
    return names & _ATTRIBUTES


def _goes_into(call: Invocation, folder: Directory, path: str) -> bool:
    """Whether a path is within a folder, by whatever links it is named."""
    place = call.tree.get(path) or call.tree.get(path.rpartition("/")[0] or "/")
    return isinstance(place, Directory) and contains(folder, place)


def install(call: Invocation) -> int:
    argv: dict[str, bool | None] = {
        "directory": False,
        "mode": True,
        "owner": True,
        "group": True,
        "verbose": False,
        "target-directory": True,
        "no-target-directory": False,
        "preserve-timestamps": False,
        "compare": False,
        "strip": False,
    }
    options = parse_options(call, "dDm:o:g:vt:TpcsC", argv, "b S Z backup suffix strip-program")
    mode = mode_change(options.value("m", "mode") or "00755")
    uid = owner_of(call, options.value("o", "owner") or "")[0]
    gid = owner_of(call, f":{options.value('g', 'group') or ''}")[1]

    def finish(path: str) -> None:
        node = call.existing(path)
        if call.user.uid not in (0, node.uid) or (call.user.uid and (uid, gid) != (None, None)):
            raise CommandFailedError(
                f"cannot change ownership of '{path}': Operation not permitted"
            )
        give(node, uid, gid)
        folder = isinstance(node, Directory)
        node.mode = mode(node.mode & 0o6000 if folder else 0, folder)

    def one_folder(path: str) -> None:
        for made in make_folder(call, path, None, True):
            if options.has("v", "verbose"):
                call.print(f"install: creating directory '{made}'")
        finish(path)

    if options.has("d", "directory"):
        return call.each(options.operands, one_folder)
    operands = list(options.operands)
    folder_asked = options.value("t", "target-directory")
    if options.has("D") and folder_asked is not None:
        make_folder(call, folder_asked, None, True)
    target, into = destination_of(call, options, operands)

    def one(source: str) -> None:
        finish(_install(call, options, source, target, into))

    return call.each(operands, one)


def _install(call: Invocation, options: Options, source: str, target: str, into: bool) -> str:
    node = File() if call.path(source) == "/dev/null" else call.existing(source)
    if not isinstance(node, File):
        raise CommandFailedError(f"omitting directory '{source}'")
    if not permitted(node, call.user, READ):
        raise CommandFailedError(f"cannot open '{source}' for reading: Permission denied")
    path = f"{target.rstrip('/')}/{source.rpartition('/')[2]}" if into else target
    above = path.rstrip("/").rpartition("/")[0]
    if options.has("D") and above:
        make_folder(call, above, None, True)
    if slash_at_no_folder(call, path):
        raise CommandFailedError(f"cannot create regular file '{path}': Not a directory")
    parent, name = call.parent(path)
    present = parent.entries.get(name)
    if isinstance(present, Directory):
        raise CommandFailedError(f"cannot overwrite directory '{path}' with non-directory")
    if present is node:
        raise CommandFailedError(f"'{source}' and '{path}' are the same file")
    if present is not None:
        call.require_removable(parent, present, path)
    parent.entries[name] = call.own(File(data=node.data), parent)
    if options.has("v", "verbose"):
        call.print(f"'{source}' -> '{path}'")
    return path


COMMANDS = {
    "cp": Command(cp, makes_programs=True),
    "install": Command(install, makes_programs=True),
}
