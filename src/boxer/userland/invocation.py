"""One call of a command of ours by the shell.

Belongs here: what a command is told and how it answers. Does not: any command.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol, TypeVar

from boxer.errors import TreeError, UnsupportedCommandError, Where
from boxer.filetree import EXECUTE, WRITE, Directory, File, Ids, Node, Tree, permitted, searchable
from boxer.images import Python
from boxer.userland.ports import Ports

NodeT = TypeVar("NodeT", bound=Node)
ItemT = TypeVar("ItemT")
_STICKY, _SET_GROUP = 0o1000, 0o2000


class CommandFailedError(Exception):
    """A command ends with a message and a status: what any program may do, no error of Boxer's."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


# What ends the work on one operand, and not the command.
FAILURES = (CommandFailedError, TreeError)


class SubShell(Protocol):
    """Runs a script in a shell of its own, over the same tree, as the same user. bare: a command
    that is the shell's own there, not ours."""

    def __call__(
        self, script: str, cwd: str, env: Mapping[str, str], stdin: bytes = b"", bare: str = ""
    ) -> tuple[int, bytes, bytes]: ...


def _no_shell(
    script: str, cwd: str, env: Mapping[str, str], stdin: bytes = b"", bare: str = ""
) -> tuple[int, bytes, bytes]:
    raise CommandFailedError("there is no shell", 126)


@dataclass(slots=True)
class Invocation:
    """A call. arguments: without the command's name. cwd: absolute. epoch: the step's time.

    What is written to out and err reaches the shell when the command returns. where: the RUN.
    shell: for a command that runs commands; its status, standard output and error. random: the
    same in every build, and shared by all commands of a RUN. programs: a command that may make
    programs sets it to False where it has made none.
    """

    name: str
    arguments: list[str]
    cwd: str
    env: Mapping[str, str]
    tree: Tree
    user: Ids
    epoch: int
    ports: Ports
    where: Where | None = None
    stdin: bytes = b""
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    shell: SubShell = _no_shell
    random: Random = field(default_factory=lambda: Random(0))
    programs: bool = True

    @property
    def python(self) -> Python:
        """The interpreter of the stage's base. Raises CommandFailedError where it has none."""
        if self.ports.python is None:
            raise CommandFailedError("there is no Python in this stage", 127)
        return self.ports.python

    def calling(self, name: str, *arguments: str) -> Invocation:
        """The call of another command in this one's place; it writes where this one writes."""
        return replace(self, name=name, arguments=list(arguments))

    def path(self, path: str) -> str:
        """An argument as an absolute path without `..`, which is the folder above where a link on
        the way leads (path_resolution(7))."""
        whole = posixpath.join(self.cwd, path)
        above, dots, rest = whole.rpartition("/..")
        if dots and rest[:1] in ("", "/"):
            whole = f"{self.tree.resolve(above + dots)}/{rest}"
        return "/" + posixpath.normpath(whole).lstrip("/")

    def node(self, path: str, follow: bool = True) -> Node | None:
        """The node of an argument; with a slash at its end a folder only, links followed."""
        if not path:
            return None
        if not searchable(self.tree, self.path(path), self.user):
            raise CommandFailedError(f"cannot access '{path}': Permission denied")
        if not names_a_folder(path):
            return self.tree.get(self.path(path), follow)
        node = self.tree.get(self.path(path))
        return node if isinstance(node, Directory) else None

    def existing(self, path: str, follow: bool = True) -> Node:
        """The node of an argument. Raises CommandFailedError in the words of the GNU programs."""
        node = self.node(path, follow)
        if node is None:
            there = path and self.tree.get(self.path(path)) is not None
            reason = "Not a directory" if there else "No such file or directory"
            raise CommandFailedError(f"cannot access '{path}': {reason}")
        return node

    def parent(self, path: str) -> tuple[Directory, str]:
        """The folder an argument's last name is in, writable by the user, and that name."""
        node, name = self.folder_of(path)
        if not permitted(node, self.user, WRITE | EXECUTE):
            raise CommandFailedError(f"cannot create '{path}': Permission denied")
        return node, name

    def folder_of(self, path: str) -> tuple[Directory, str]:
        """The folder an argument's last name is in, and that name."""
        above, _, name = self.path(path).rpartition("/")
        node = self.tree.get(above or "/")
        if node is None or not name or not path:
            raise CommandFailedError(f"cannot create '{path}': No such file or directory")
        if not isinstance(node, Directory):
            raise CommandFailedError(f"cannot create '{path}': Not a directory")
        return node, name

    def own(self, node: NodeT, parent: Directory) -> NodeT:
        """Makes a new node the user's, as Linux does for what is made in that folder."""
        return owned(node, parent, self.user, self.epoch)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file as open(2) with O_CREAT and O_TRUNC does: links are followed, and what is
        there keeps its names, owner and mode. Raises CommandFailedError where no file can be."""
        node = self.node(path)
        if isinstance(node, File):
            if not permitted(node, self.user, WRITE):
                raise CommandFailedError(f"{path}: Cannot open: Permission denied")
            node.data, node.mtime = data, self.epoch
            return
        if node is not None or path.endswith("/"):
            reason = "Is a directory" if isinstance(node, Directory) else "Not a regular file"
            raise CommandFailedError(f"{path}: Cannot open: {reason}")
        parent, name = self.parent(self.tree.resolve(self.path(path)))
        parent.entries[name] = self.own(File(data=data), parent)

    def require_removable(self, parent: Directory, node: Node, path: str) -> None:
        """Raises CommandFailedError where the user may not take a name out of a folder."""
        user = self.user
        if not permitted(parent, user, WRITE | EXECUTE):
            raise CommandFailedError(f"cannot remove '{path}': Permission denied")
        if parent.mode & _STICKY and user.uid not in (0, parent.uid, node.uid):
            raise CommandFailedError(f"cannot remove '{path}': Operation not permitted")

    def each(self, operands: Iterable[ItemT], work: Callable[[ItemT], None]) -> int:
        """Work on every operand, also behind one that fails, as the GNU programs do it. Gives the
        exit status."""
        status = 0
        for operand in operands:
            try:
                work(operand)
            except FAILURES as failure:
                status = self.told(failure)
        return status

    def told(self, failure: Exception) -> int:
        """Tells of one of `FAILURES`. Gives the exit status."""
        self.warn(failure.message if isinstance(failure, TreeError) else str(failure))
        return failure.status if isinstance(failure, CommandFailedError) else 1

    def require_owner(self, node: Node, path: str) -> None:
        if self.user.uid not in (0, node.uid):
            raise CommandFailedError(f"changing '{path}': Operation not permitted")

    def require_root(self) -> None:
        if self.user.uid != 0:
            raise CommandFailedError("Permission denied: only root may do that")

    def print(self, text: str) -> None:
        self.out += (text + "\n").encode("utf-8", "surrogateescape")

    def warn(self, text: str) -> None:
        self.err += f"{self.name}: {text}\n".encode("utf-8", "surrogateescape")

    def notice(self, message: str, hint: str | None = None) -> None:
        self.ports.listener.notice(message, self.where, hint)

    def unsupported(self, what: str, hint: str) -> UnsupportedCommandError:
        """What to raise for a thing that would come out wrong in a build. what: an option or so."""
        return UnsupportedCommandError(
            f"`{self.name}` in a RUN has no {what}.", where=self.where, hint=hint
        )

    def walk(self, path: str, node: Node) -> list[tuple[str, Node]]:
        """A node and all below it, links not followed, with names that begin as the argument."""
        found: list[tuple[str, Node]] = [(path, node)]
        if isinstance(node, Directory):
            for name, child in node.sorted_entries():
                found.extend(self.walk(f"{path.rstrip('/')}/{name}", child))
        return found


def names_a_folder(path: str) -> bool:
    """Whether a path's end says that it is a folder: `a/`, `a/.`, `..`."""
    return path.rpartition("/")[2] in ("", ".", "..")


def owned(node: NodeT, parent: Directory, user: Ids, mtime: int) -> NodeT:
    """A new node with its owner and time. A folder with the set-group bit gives what is made in it
    its group, and folders that bit (inode(7))."""
    node.uid, node.gid, node.mtime = user.uid, user.gid, mtime
    if parent.mode & _SET_GROUP:
        node.gid = parent.gid
        if isinstance(node, Directory):
            node.mode |= _SET_GROUP
    return node


Function = Callable[[Invocation], int | None]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its function gives the exit status, None for 0, or raises CommandFailedError.

    reads_stdin: its standard input is read to the end before it is called. makes_programs: it may
    leave new executables in the tree. yields: a program of this name in the tree goes before it.
    """

    function: Function
    reads_stdin: bool = False
    makes_programs: bool = False
    yields: bool = False


@dataclass(slots=True)
class Options:
    """The options of a command as getopt(3) finds them: letters, words, and the rest.

    order: all as they came, a name and its value; operands have no name."""

    values: dict[str, list[str]] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)
    order: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)
        self.order.append((name, value))

    def add_operand(self, word: str) -> None:
        self.operands.append(word)
        self.order.append(("", word))

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def has(self, *names: str) -> bool:
        return any(name in self.values for name in names)

    def value(self, *names: str) -> str | None:
        """The last value of an option under any of its names."""
        found = [self.values[name][-1] for name in names if name in self.values]
        return found[-1] if found else None


def parse_options(
    call: Invocation,
    letters: str,
    words: Mapping[str, bool | None] | None = None,
    absent: str = "",
) -> Options:
    """Options anywhere among the operands, as GNU programs take them.

    letters: as for getopt, a colon after one that has a value. words: long options, and whether
    each has a value; None for one that may have it, behind a `=`. absent: what the real program
    has and this one has not, letters and words. Raises UnsupportedCommandError for such an option,
    CommandFailedError for any other that is not known: none is ignored.
    """
    known = words or {}
    try:
        return _parsed(call, letters, known)
    except _UnknownOptionError as unknown:
        if any(unknown.name == word for word in absent.split()):
            option = ("-" if len(unknown.name) == 1 else "--") + unknown.name
            raise call.unsupported(f"option `{option}`", "Do it without the option.") from None
        raise


class _UnknownOptionError(CommandFailedError):
    def __init__(self, message: str, name: str) -> None:
        super().__init__(message, 2)
        self.name = name


def _parsed(call: Invocation, letters: str, known: Mapping[str, bool | None]) -> Options:
    options = Options()
    rest = iter(call.arguments)
    for word in rest:
        if word == "--":
            for operand in rest:
                options.add_operand(operand)
        elif word.startswith("--"):
            _long(word[2:], known, rest, options)
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], letters, rest, options)
        else:
            options.add_operand(word)
    return options


def _long(
    word: str, known: Mapping[str, bool | None], rest: Iterator[str], options: Options
) -> None:
    name, equals, value = word.partition("=")
    begun = [full for full in known if full.startswith(name)]
    if name not in known and len(begun) == 1:
        name = begun[0]  # getopt_long(3): so much of a name as is clear
    if name not in known:
        raise _UnknownOptionError(f"unrecognized option '--{name}'", name)
    if known[name] and not equals:
        value = _following(name, rest)
    options.add(name, value)


def _short(cluster: str, letters: str, rest: Iterator[str], options: Options) -> None:
    for index, letter in enumerate(cluster):
        position = letters.find(letter)
        if position < 0 or letter == ":":
            raise _UnknownOptionError(f"invalid option -- '{letter}'", letter)
        if letters[position + 1 : position + 2] == ":":
            options.add(letter, cluster[index + 1 :] or _following(letter, rest))
            return
        options.add(letter, "")


def _following(name: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise CommandFailedError(f"option requires an argument -- '{name}'", 2)
    return value
