"""tar and zcat in a RUN.

Belongs here: tar's options as Dockerfiles use them, over `filetree`. Does not: the reading
and writing of archives itself, gzip (the shell has it), zip archives (`unzip`).

Rules: the GNU tar manual. Names are those of the archive, `./` and all: what --strip-components
counts and patterns see. Folders get their modes when all is unpacked.
"""

from __future__ import annotations

import bz2
import fnmatch
import gzip
import io
import lzma
import posixpath
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

from boxer.errors import ArchiveError
from boxer.filetree import (
    MOST_BYTES,
    Device,
    Directory,
    Entry,
    File,
    Node,
    Symlink,
    groups,
    require_depth,
    shallow_copy,
    tar_entries,
    users,
    write_entries,
)
from boxer.userland.commands.datewords import moment_of
from boxer.userland.commands.files import make_folder, owner_of, permission_letters
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)

_WORDS: dict[str, bool | None] = {
    "extract": False, "create": False, "list": False, "file": True, "directory": True,
    "gzip": False, "bzip2": False, "xz": False, "zstd": False, "verbose": False,
    "strip-components": True, "no-same-owner": False, "same-owner": False, "exclude": True,
    "get": False, "auto-compress": False, "preserve-permissions": False, "overwrite": False,
    "no-same-permissions": False, "same-permissions": False, "keep-old-files": False,
    "skip-old-files": False, "touch": False, "wildcards": False, "to-stdout": False,
    "files-from": True, "null": False, "owner": True, "group": True, "numeric-owner": False,
    "sort": True, "mtime": True, "format": True, "warning": True, "no-overwrite-dir": False,
}  # fmt: skip
_ABSENT = (
    "h r u d A P S X W U w b L K N V transform xform one-top-level remove-files dereference append"
    " update diff compare concatenate absolute-names exclude-from exclude-vcs keep-newer-files"
    " anchored no-wildcards listed-incremental use-compress-program no-recursion recursive-unlink"
    " keep-directory-symlink hard-dereference unlink-first show-transformed-names delete I"
)
_FAILED = 2  # GNU tar: any trouble


def tar(call: Invocation) -> int:
    first = call.arguments[0] if call.arguments else ""
    if first and not first.startswith("-"):  # the old style, `tar xzf file`
        call.arguments[0] = f"-{first}"
        _move_values(call.arguments)
    options = parse_options(call, "xctf:C:zjJvpaomkOT:", _WORDS, _ABSENT)
    try:
        if options.has("x", "extract", "get"):
            return _Extraction(call, options).run()
        if options.has("c", "create"):
            return _create(call, options)
        if options.has("t", "list"):
            return _list(call, options)
    except ArchiveError as error:
        raise CommandFailedError(error.message, _FAILED) from error
    raise CommandFailedError("one of -x, -c and -t is needed", _FAILED)


def _move_values(arguments: list[str]) -> None:
    """In the old style the values of letters follow the bundle in order: `tar xfC file dir`."""
    letters = arguments[0][1:]
    values = [letter for letter in letters if letter in "fCT"]
    plain = "".join(letter for letter in letters if letter not in "fCT")
    taken = arguments[1 : 1 + len(values)]
    moved = [
        word for letter, value in zip(values, taken, strict=False) for word in (f"-{letter}", value)
    ]
    arguments[:] = ([f"-{plain}"] if plain else []) + moved + arguments[1 + len(values) :]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise CommandFailedError(f"{text}: Invalid number of elements", _FAILED)
    return int(text)


def _moment(options: Options, call: Invocation) -> int:
    """The time that --mtime gives all members; 0 without it."""
    text = options.value("mtime")
    moment = 0 if text is None else moment_of(text, call.epoch)
    if moment is None:
        raise CommandFailedError(f"invalid date format '{text}'", _FAILED)
    return max(moment, 0)


class _Members:
    """Which entries of an archive are meant: the operands, but for what is excluded."""

    def __init__(self, call: Invocation, options: Options) -> None:
        self._wanted = [operand.rstrip("/") for operand in options.operands]
        self._wanted += [name for _, name in _names_from_files(call, options)]
        self._patterns = options.has("wildcards")
        self._excluded = options.values.get("exclude", [])
        self._found: set[str] = set()

    def holds(self, name: str) -> bool:
        if is_excluded(name, self._excluded):
            return False
        means = [wanted for wanted in self._wanted if self._is_meant(name, wanted)]
        self._found.update(means)
        return bool(means) or not self._wanted

    def _is_meant(self, name: str, wanted: str) -> bool:
        if name == wanted or name.startswith(wanted + "/"):
            return True
        return self._patterns and fnmatch.fnmatchcase(name, wanted)

    def missing(self, call: Invocation) -> int:
        """Tells of operands that are not in the archive. Gives the exit status."""
        names = [name for name in self._wanted if name not in self._found]
        for name in names:
            call.warn(f"{name}: Not found in archive")
        return _FAILED if names else 0


def is_excluded(name: str, patterns: list[str]) -> bool:
    """Whether a pattern of --exclude matches a name, a folder above it, or the end of either."""
    parts = name.split("/")
    ends = range(1, len(parts) + 1)
    parts_of_it = ["/".join(parts[i:j]) for j in ends for i in range(j)] if patterns else []
    return any(fnmatch.fnmatchcase(part, p.rstrip("/")) for p in patterns for part in parts_of_it)


class _Extraction:
    def __init__(self, call: Invocation, options: Options) -> None:
        self._call = call
        self._options = options
        self._root = call.user.uid == 0
        self._strip = _count(options.value("strip-components") or "0")
        self._same_owner = self._root and not options.has("no-same-owner", "o")
        kept = options.has("p", "preserve-permissions", "same-permissions") or self._root
        self._mask = 0o7777 if kept and not options.has("no-same-permissions") else 0o755
        self._uids = {user.name: user.uid for user in users(call.tree)}
        self._gids = {group.name: group.gid for group in groups(call.tree)}
        self._folders: list[tuple[Directory, Node]] = []

    def run(self) -> int:
        call, options = self._call, self._options
        archive = _archive(call, options)
        for base in (value for name, value in options.order if name in ("C", "directory")):
            if not isinstance(call.node(base), Directory):
                raise CommandFailedError(f"{base}: Cannot open: No such file or directory", 2)
            call.cwd = call.path(base)
        members = _Members(call, options)

        def one(entry: Entry) -> None:
            name = entry.name.strip("/")
            if members.holds(name):
                self._extract(entry, name)

        status = call.each(tar_entries(archive), one)
        for folder, node in reversed(self._folders):
            folder.mode, folder.mtime = node.mode & self._mask, node.mtime
            if self._same_owner:
                folder.uid, folder.gid = node.uid, node.gid
        return members.missing(call) or (_FAILED if status else 0)

    def _extract(self, entry: Entry, name: str) -> None:
        call, options = self._call, self._options
        parts = name.split("/")[self._strip :]
        if not parts or not name:
            return
        path = "/".join(parts)
        if ".." in parts:
            raise CommandFailedError(f"{name}: Member name contains '..'")
        if options.has("O", "to-stdout"):
            call.out += entry.node.data if isinstance(entry.node, File) else b""
        else:
            self._place(entry, path)
        if options.has("v", "verbose"):
            call.print(name + "/" * isinstance(entry.node, Directory))

    def _place(self, entry: Entry, path: str) -> None:
        call, node = self._call, entry.node
        above = path.rpartition("/")[0]
        if above:
            make_folder(call, above, None, True)
        if call.path(path) == call.cwd:
            if isinstance(node, Directory):
                self._folders.append((call.tree.directory(call.cwd), self._owned(node, entry)))
            return
        parent, name = call.parent(path)
        present = parent.entries.get(name)
        if isinstance(node, Directory) and isinstance(present, Directory):
            self._folders.append((present, self._owned(node, entry)))
            return
        if present is not None and self._keeps(path):
            return
        if isinstance(present, Directory) and (present.entries or isinstance(node, Directory)):
            raise CommandFailedError(f"{path}: Cannot open: File exists")
        made = self._linked(entry, path) if node is None else self._owned(node, entry)
        if present is not None:
            call.require_removable(parent, present, path)
        if isinstance(made, Directory):
            require_depth(path, call.tree.resolve(call.path(path)).count("/"))
            self._folders.append((made, shallow_copy(made)))
            made.mode |= 0o700
        parent.entries[name] = made

    def _keeps(self, path: str) -> bool:
        if self._options.has("k", "keep-old-files"):
            raise CommandFailedError(f"{path}: Cannot open: File exists")
        return self._options.has("skip-old-files")

    def _owned(self, node: Node, entry: Entry) -> Node:
        """The node as it is to be. Owners are known by name first, as the archive's writer had
        other numbers."""
        if not self._same_owner:
            node.uid, node.gid = self._call.user.uid, self._call.user.gid
        elif not self._options.has("numeric-owner"):
            node.uid = self._uids.get(entry.user, node.uid)
            node.gid = self._gids.get(entry.group, node.gid)
        late = self._options.has("m", "touch")
        node.mtime = self._call.epoch if late else min(node.mtime, self._call.epoch)
        if not isinstance(node, Symlink):
            node.mode &= self._mask
        return node

    def _linked(self, entry: Entry, path: str) -> Node:
        target = "/".join(entry.link.strip("/").split("/")[self._strip :])
        node = self._call.node(target, follow=False)
        if not isinstance(node, File) or ".." in target.split("/"):
            raise CommandFailedError(f"{path}: Cannot hard link to '{target}'")
        return node


def _create(call: Invocation, options: Options) -> int:
    entries: list[tuple[str, Node]] = []
    excluded = options.values.get("exclude", [])
    here = call.cwd
    like = Directory(
        uid=owner_of(call, options.value("owner") or "")[0] or 0,
        gid=owner_of(call, ":" + (options.value("group") or ""))[1] or 0,
        mtime=_moment(options, call),
    )

    def one(operand: tuple[str, str]) -> None:
        call.cwd, name = operand
        node = call.existing(name.rstrip("/") or "/", follow=False)
        for path, found in call.walk(name.strip("/") or ".", node):
            if not is_excluded(path, excluded):
                entries.append((path, found))

    operands = [*_operands(call, options), *_names_from_files(call, options)]
    if not operands and not options.has("T", "files-from"):
        raise CommandFailedError("Cowardly refusing to create an empty archive", _FAILED)
    status = call.each(operands, one)
    call.cwd = here
    buffer = io.BytesIO()
    write_entries(_changed(options, like, entries), buffer)
    data = _compressed(buffer.getvalue(), options)
    target = options.value("f", "file") or "-"
    told = "".join(n + "/" * isinstance(f, Directory) + "\n" for n, f in entries)
    if target == "-":
        call.out += data
    else:
        call.write(target, data)
    if options.has("v", "verbose"):
        stream = call.err if target == "-" else call.out
        stream += told.encode("utf-8", "surrogateescape")
    return _FAILED if status else 0


def _operands(call: Invocation, options: Options) -> Iterator[tuple[str, str]]:
    """The operands with the folders they are in: a -C holds for those behind it."""
    here = call.cwd
    for name, value in options.order:
        if name in ("C", "directory"):
            here = posixpath.join(here, value)
        elif not name:
            yield here, value


def _names_from_files(call: Invocation, options: Options) -> Iterator[tuple[str, str]]:
    """The names in the files of -T, with the folder of the call."""
    here = call.cwd
    for name, value in options.order:
        if name in ("C", "directory"):
            here = posixpath.join(here, value)
        if name in ("T", "files-from"):
            node = File(data=call.stdin) if value == "-" else call.existing(value)
            text = node.data.decode("utf-8", "surrogateescape") if isinstance(node, File) else ""
            for line in text.split("\0" if options.has("null") else "\n"):
                if line:
                    yield here, line


def _changed(
    options: Options, like: Node, entries: list[tuple[str, Node]]
) -> Iterator[tuple[str, Node]]:
    """The entries, with the owner and time that options give all of them."""
    copies: dict[Node, Node] = {}
    for name, node in entries:
        if not options.has("owner", "group", "mtime"):
            yield name, node
            continue
        copied = copies.setdefault(node, shallow_copy(node))
        copied.uid = like.uid if options.has("owner") else node.uid
        copied.gid = like.gid if options.has("group") else node.gid
        copied.mtime = like.mtime if options.has("mtime") else node.mtime
        yield name, copied


def _compressed(data: bytes, options: Options) -> bytes:
    name = options.value("f", "file") or ""
    by_name = options.has("a", "auto-compress")
    if options.has("z", "gzip") or (by_name and name.endswith((".gz", ".tgz"))):
        return gzip.compress(data, mtime=0)
    if options.has("j", "bzip2") or (by_name and name.endswith((".bz2", ".tbz"))):
        return bz2.compress(data)
    if options.has("J", "xz") or (by_name and name.endswith((".xz", ".txz"))):
        return lzma.compress(data)
    if options.has("zstd") or (by_name and name.endswith((".zst", ".lz", ".lzma", ".Z"))):
        raise CommandFailedError("such archives can be read in a build, not written", 2)
    return data


def _list(call: Invocation, options: Options) -> int:
    members = _Members(call, options)
    for entry in tar_entries(_archive(call, options)):
        name = entry.name.rstrip("/") or "/"
        if not members.holds(name.strip("/")):
            continue
        shown = name + "/" * isinstance(entry.node, Directory)
        if options.has("v", "verbose"):
            shown = _long(entry, shown)
        call.print(shown)
    return members.missing(call)


def _long(entry: Entry, name: str) -> str:
    """A line of `tar tv`."""
    node = entry.node
    if node is None:
        return f"h--------- {'0/0':<10}{0:>9} 1970-01-01 00:00 {name} link to {entry.link}"
    kind = {Directory: "d", Symlink: "l", Device: "c"}.get(type(node), "-")
    size = len(node.data) if isinstance(node, File) else 0
    owner = f"{entry.user or node.uid}/{entry.group or node.gid}"
    width = max(0, 18 - len(owner))
    when = datetime.fromtimestamp(node.mtime, UTC).strftime("%Y-%m-%d %H:%M")
    leads = f" -> {node.target}" if isinstance(node, Symlink) else ""
    letters = permission_letters(node.mode)
    return f"{kind}{letters} {owner} {size:>{width}} {when} {name}{leads}"


def _archive(call: Invocation, options: Options) -> io.BytesIO:
    """The archive's bytes; its compression is seen from them, -z and the like only confirm it."""
    name = options.value("f", "file") or "-"
    if name == "-":
        return io.BytesIO(call.stdin)
    node = call.node(name)
    if not isinstance(node, File):
        reason = "Cannot read: Is a directory" if node else "Cannot open: No such file or directory"
        raise CommandFailedError(f"{name}: {reason}", _FAILED)
    return io.BytesIO(node.data)


def zcat(call: Invocation) -> int:
    """`gzip -dc`, which the shell has, by its other name."""
    options = parse_options(call, "fq")

    def one(name: str) -> None:
        node = File(data=call.stdin) if name == "-" else call.existing(name)
        packed = io.BytesIO(node.data if isinstance(node, File) else b"")
        try:
            data = gzip.GzipFile(fileobj=packed).read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise CommandFailedError(f"{name}: not in gzip format") from None
        if len(call.out) + len(data) > MOST_BYTES:
            raise CommandFailedError(f"{name}: too large for a box")
        call.out += data

    return call.each(options.operands or ["-"], one)


COMMANDS = {
    "tar": Command(tar, reads_stdin=True, makes_programs=True),
    "zcat": Command(zcat, reads_stdin=True),
}
