"""ls.

Belongs here: what ls tells of folders and files, one name a line, as to a pipe. Does not: stat
(`information`).

Rules: ls(1) of the GNU programs, in the C locale.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from boxer.filetree import (
    EXECUTE,
    READ,
    Device,
    Directory,
    File,
    Node,
    Symlink,
    groups,
    name_bytes,
    permitted,
    users,
)
from boxer.userland.commands.files import permission_letters
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    names_a_folder,
    parse_options,
)

_WORDS: dict[str, bool | None] = {
    "all": False,
    "almost-all": False,
    "directory": False,
    "recursive": False,
    "reverse": False,
    "human-readable": False,
    "classify": None,
    "numeric-uid-gid": False,
    "no-group": False,
    "dereference": False,
    "color": None,
    "group-directories-first": False,
    "literal": False,
}
_ABSENT = (
    "B b C c D f I i k m Q q s T u v w X x Z full-time time-style time sort inode size ignore hide"
    " block-size format quote-name quoting-style indicator-style file-type si author escape"
)
_BLOCK = 4096
_HALF_A_YEAR = 31_556_952 // 2  # what GNU's ls takes as recent
_BAD_OPERAND, _BAD_BELOW = 2, 1

Named = list[tuple[str, Node]]


def ls(call: Invocation) -> int:
    options = parse_options(call, "aAld1RrShFpngoGLNUt", _WORDS, _ABSENT)
    return _Listing(call, options).run()


class _Listing:
    def __init__(self, call: Invocation, options: Options) -> None:
        self._call = call
        self._options = options
        self._long = options.has("l", "n", "g", "o", "numeric-uid-gid")
        self._begun = False
        self._status = 0
        self._links: Counter[Node] = Counter()
        if self._long:
            self._links.update(node for _, node in call.tree.walk() if isinstance(node, File))

    def run(self) -> int:
        options, call = self._options, self._call
        files: Named = []
        folders: Named = []
        plain = options.has("d", "directory")
        as_it_is = plain or self._long or options.has("F", "classify")

        def one(path: str) -> None:
            follow = options.has("L", "dereference") or names_a_folder(path) or not as_it_is
            node = call.node(path, follow)
            if node is None and follow and not names_a_folder(path):
                node = call.node(path, follow=False)
            if node is None:
                node = call.existing(path)
            leads = isinstance(node, Directory) and not plain
            (folders if leads else files).append((path, node))

        if call.each(options.operands or ["."], one):
            self._status = _BAD_OPERAND
        self._print(self._sorted(files), within=False)
        headed = len(options.operands) > 1 or options.has("R", "recursive")
        for path, node in self._sorted(folders):
            if not self._folder(path, node, headed):
                self._status = _BAD_OPERAND
        return self._status

    def _folder(self, path: str, node: Node, headed: bool) -> bool:
        """What is in a folder, and in those below it for -R. Gives whether it may be read."""
        assert isinstance(node, Directory)
        if not permitted(node, self._call.user, READ | EXECUTE):
            self._call.warn(f"cannot open directory '{path}': Permission denied")
            return False
        if headed:
            self._call.print(("\n" if self._begun else "") + f"{path}:")
        entries = list(node.entries.items())
        if not self._options.has("a", "A", "all", "almost-all"):
            entries = [(name, child) for name, child in entries if not name.startswith(".")]
        if self._options.has("a", "all"):
            above = self._call.tree.get(self._call.path(f"{path}/..")) or node
            entries += [(".", node), ("..", above)]
        entries = self._sorted(entries)
        if self._long:
            self._call.print(f"total {sum(_blocks(child) for _, child in entries)}")
        self._print(entries, within=True)
        self._begun = True
        if self._options.has("R", "recursive"):
            for name, child in entries:
                if isinstance(child, Directory) and name not in (".", ".."):
                    inside = f"{path.rstrip('/')}/{name}"
                    if not self._folder(inside, child, True):
                        self._status = self._status or _BAD_BELOW
        return True

    def _sorted(self, named: Named) -> Named:
        named = sorted(named, key=lambda entry: name_bytes(entry[0]))
        if self._options.has("S"):
            named.sort(key=lambda entry: -_size(entry[1]))
        elif self._options.has("t"):
            named.sort(key=lambda entry: -entry[1].mtime)
        if self._options.has("r", "reverse"):
            named.reverse()
        if self._options.has("group-directories-first"):
            named.sort(key=lambda entry: not isinstance(entry[1], Directory))
        return named

    def _print(self, named: Named, within: bool) -> None:
        if named and not within:
            self._begun = True
        names = [name + self._mark(node) for name, node in named]
        if self._long:
            names = self._rows([(n, node) for n, (_, node) in zip(names, named, strict=True)])
        for line in names:
            self._call.print(line)

    def _mark(self, node: Node) -> str:
        marks = self._options.has("F", "classify")
        if isinstance(node, Directory):
            return "/" if marks or self._options.has("p") else ""
        if isinstance(node, Symlink):
            return "@" if marks and not self._long else ""
        return "*" if marks and isinstance(node, File) and node.mode & 0o111 else ""

    def _rows(self, named: Named) -> list[str]:
        options = self._options
        numbers = options.has("n", "numeric-uid-gid")
        user_names = {} if numbers else {user.uid: user.name for user in users(self._call.tree)}
        group_names = (
            {} if numbers else {group.gid: group.name for group in groups(self._call.tree)}
        )
        rows = []
        for name, node in named:
            owner = "" if options.has("g") else user_names.get(node.uid, str(node.uid))
            group = group_names.get(node.gid, str(node.gid))
            if options.has("o", "G", "no-group"):
                group = ""
            size = _size(node)
            shown = _human(size) if options.has("h", "human-readable") else str(size)
            leads = f" -> {node.target}" if isinstance(node, Symlink) else ""
            rows.append(
                (_letters(node), str(self._count(node)), owner, group, shown,
                 _when(node.mtime, self._call.epoch), name + leads)
            )  # fmt: skip
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
        return [
            " ".join(
                cell.rjust(width) if cell.isdecimal() or column == 4 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row[:5], widths, strict=True))
                if width
            )
            + f" {row[5]} {row[6]}"
            for row in rows
        ]

    def _count(self, node: Node) -> int:
        if isinstance(node, Directory):
            return 2 + sum(isinstance(child, Directory) for child in node.entries.values())
        return self._links[node] or 1


def _letters(node: Node) -> str:
    kinds = {File: "-", Directory: "d", Symlink: "l"}
    kind = kinds.get(type(node), "p" if isinstance(node, Device) and node.kind == "fifo" else "c")
    return kind + permission_letters(node.mode)


def _size(node: Node) -> int:
    if isinstance(node, File):
        return len(node.data)
    return len(node.target) if isinstance(node, Symlink) else _BLOCK


def _blocks(node: Node) -> int:
    """In units of 1024 bytes, as on a disk with blocks of 4096."""
    if isinstance(node, Directory):
        return _BLOCK // 1024
    return -(-_size(node) // _BLOCK) * _BLOCK // 1024 if isinstance(node, File) else 0


def _human(size: int) -> str:
    unit = 1
    for letter in ("", "K", "M", "G"):
        if size < 1024 * unit or letter == "G":
            tenths = -(-size * 10 // unit)
            if not letter:
                return str(size)
            return f"{tenths / 10:.1f}{letter}" if tenths < 100 else f"{-(-size // unit)}{letter}"
        unit *= 1024
    raise CommandFailedError("too large")


def _when(mtime: int, now: int) -> str:
    when = datetime.fromtimestamp(mtime, UTC)
    recent = now - _HALF_A_YEAR < mtime <= now
    return (
        f"{when:%b} {when.day:>2} {when:%H:%M}" if recent else f"{when:%b} {when.day:>2}  {when:%Y}"
    )


COMMANDS = {"ls": Command(ls)}
