"""make in a RUN: its options, and the stage as make sees it.

Belongs here: the command line, MAKEFLAGS, the makefiles to read. Does not: make itself
(`boxer.userland.make`).
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from boxer.errors import TreeError
from boxer.filetree import Directory, File, Tree
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.make import Host, MakeError, Makefile, Ran, Settings, Updater

_NAMES = ("GNUmakefile", "makefile", "Makefile")
_VARIABLE = re.compile(r"[^\s:=+?!]+\s*(?:::?|\+|\?|!)?=.*", re.DOTALL)
_LETTERS = "bBehiknqrRsStvwdpm"
_VALUED = {
    "C": True,
    "f": True,
    "I": True,
    "j": False,
    "l": False,
    "O": False,
    "o": True,
    "W": True,
}
_WORDS = {
    "directory": "C", "file": "f", "makefile": "f", "include-dir": "I", "jobs": "j",
    "output-sync": "O",
    "always-make": "B", "environment-overrides": "e", "ignore-errors": "i", "keep-going": "k",
    "just-print": "n", "dry-run": "n", "recon": "n", "no-builtin-rules": "r", "silent": "s",
    "no-builtin-variables": "R", "quiet": "s", "version": "v", "print-directory": "w",
    "no-print-directory": "!", "load-average": "l", "max-load": "l", "no-keep-going": "S",
    "warn-undefined-variables": "m",
}  # fmt: skip
_MOST_READINGS = 4
# A make in a make in a make: each is a shell of its own.
_MOST_LEVELS = 10
_VERSION = "GNU Make 4.4.1\nBuilt for wasm32 (the build's own, which reads its language)\n"


@dataclass(slots=True)
class _Options:
    """given: variables of the command line, as they were written."""

    letters: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    goals: list[str] = field(default_factory=list)


def make(call: Invocation) -> int:
    """Status 2 where a target cannot be made, as make has it."""
    options = _Options()
    _read_flags(call.env.get("MAKEFLAGS", ""), options)
    _read_words(call.arguments, options)
    if "v" in options.letters:
        call.print(_VERSION.rstrip())
        return 0
    for letter in "qt":
        if letter in options.letters:
            raise CommandFailedError(f"the option -{letter} cannot work in a build", 2)
    cwd = call.cwd
    for folder in options.folders:
        cwd = posixpath.normpath(posixpath.join(cwd, folder))
    if not isinstance(call.tree.get(cwd), Directory):
        raise CommandFailedError(f"*** {options.folders[-1]}: No such file or directory.  Stop.", 2)
    level = call.env.get("MAKELEVEL", "")
    settings = Settings(
        always="B" in options.letters,
        dry="n" in options.letters,
        silent="s" in options.letters,
        ignoring="i" in options.letters,
        keep_going="k" in options.letters and "S" not in options.letters,
        flags=_flags(options),
        level=int(level[:4]) if level.isdecimal() else 0,
    )
    if settings.level > _MOST_LEVELS:
        raise CommandFailedError(f"*** make has called itself {_MOST_LEVELS} times.  Stop.", 2)
    host = _Stage(call, cwd)
    name = f"make[{settings.level}]" if settings.level else "make"
    tells = {"!", "s"}.isdisjoint(options.letters) and (options.folders or "w" in options.letters)
    if tells:
        call.print(f"{name}: Entering directory '{cwd}'")
    try:
        status = 0 if _made(host, options, settings) else 2
    except RecursionError:
        call.err += f"{name}: *** what depends on what is nested too deeply.  Stop.\n".encode()
        status = 2
    except MakeError as error:
        call.err += f"{name}: {error}\n".encode("utf-8", "surrogateescape")
        status = 2
    if tells:
        call.print(f"{name}: Leaving directory '{cwd}'")
    return status


def _made(host: _Stage, options: _Options, settings: Settings) -> bool:
    makefile = _read(host, options, settings)
    updater = Updater(makefile, settings)
    goals = options.goals or makefile.variables.value(".DEFAULT_GOAL").split()[:1]
    if not goals:
        raise MakeError("*** No targets.  Stop.")
    made = [updater.make(goal.removeprefix("./")) for goal in goals]
    return all(made)


def _read(host: _Stage, options: _Options, settings: Settings) -> Makefile:
    """The makefiles; again where some that they include had to be made first."""
    for _ in range(_MOST_READINGS):
        makefile = Makefile(host, host.call.env, own=not {"r", "R"} & options.letters)
        makefile.folders = options.include
        variables = makefile.variables
        for text in options.given:
            name, operator, value = _parted(text)
            variables.assign(name, operator, value, "command line")
        if "e" in options.letters:
            for name, value in host.call.env.items():
                variables.define(name, value, False, "command line")
        variables.define("MAKEFLAGS", settings.flags, False, "file")
        variables.define("MAKELEVEL", str(settings.level), False, "file")
        variables.define("MAKECMDGOALS", " ".join(options.goals), False, "file")
        files = options.files or [name for name in _NAMES if host.read(name) is not None][:1]
        if not files and not options.goals:
            raise MakeError("*** No targets specified and no makefile found.  Stop.")
        for file in files:
            if not makefile.read(file):
                raise MakeError(f"*** {file}: No such file or directory.  Stop.")
        if not _make_included(makefile, settings):
            return makefile
    raise MakeError("*** the makefiles that are included are made again and again.  Stop.")


def _make_included(makefile: Makefile, settings: Settings) -> bool:
    """Makes what `include` did not find; whether anything was made."""
    made = False
    updater = Updater(makefile, replace(settings, dry=False))
    for name, needed in makefile.missing.items():
        if updater.can_make(name):
            updater.make(name)
            made = made or makefile.host.mtime(name) is not None
        if needed and makefile.host.mtime(name) is None:
            raise MakeError(f"{name}: No such file or directory\n*** No rule to make it.  Stop.")
    return made


# --- the command line ----------------------------------------------------------------------------


def _read_flags(flags: str, options: _Options) -> None:
    """MAKEFLAGS of the make above: letters, then `--` and variables."""
    letters, _, given = flags.partition(" -- ")
    options.letters.update(letter for letter in letters.strip() if letter in "BeiknrRs")
    options.given += [_unescaped(text) for text in re.findall(r"(?:[^\s\\]|\\.)+", given)]


def _flags(options: _Options) -> str:
    letters = "".join(sorted(options.letters & set("BeiknrRs")))
    given = " ".join(re.sub(r"([\s\\])", r"\\\1", text) for text in options.given)
    return f"{letters} -- {given}" if given else letters


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _read_words(argv: Iterable[str], options: _Options) -> None:
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            continue
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name not in _WORDS:
                raise CommandFailedError(f"unrecognized option '--{name}'", 2)
            _option(_WORDS[name], value if equals else None, rest, options)
        elif word.startswith("-") and len(word) > 1:
            _cluster(word[1:], rest, options)
        elif _VARIABLE.fullmatch(word):
            options.given.append(word)
        else:
            options.goals.append(word)


def _cluster(letters: str, rest: list[str], options: _Options) -> None:
    for place, letter in enumerate(letters):
        if letter in _VALUED:
            _option(letter, letters[place + 1 :] or None, rest, options)
            return
        if letter not in _LETTERS:
            raise CommandFailedError(f"invalid option -- '{letter}'", 2)
        options.letters.add(letter)


def _option(letter: str, value: str | None, rest: list[str], options: _Options) -> None:
    if letter not in _VALUED:
        options.letters.add(letter)
        return
    if value is None and _VALUED[letter]:
        if not rest:
            raise CommandFailedError(f"option requires an argument -- '{letter}'", 2)
        value = rest.pop(0)
    elif value is None and letter in "jl" and rest and rest[0].isdecimal():
        rest.pop(0)
    lists = {"C": options.folders, "f": options.files, "I": options.include}
    if letter in lists and value is not None:
        lists[letter].append(value)


def _parted(text: str) -> tuple[str, str, str]:
    found = re.match(r"([^\s:=+?!]+)\s*((?:::?|\+|\?|!)?=)\s*(.*)", text, re.DOTALL)
    assert found is not None
    return found[1], found[2], found[3]


# --- the stage -----------------------------------------------------------------------------------


class _Stage(Host):
    """A `Host` over the tree of a call. cwd: make's folder."""

    def __init__(self, call: Invocation, cwd: str) -> None:
        self.call = call
        self.cwd = cwd
        self._tree: Tree = call.tree

    def _path(self, path: str) -> str:
        return posixpath.join(self.cwd, path)

    def read(self, path: str) -> str | None:
        try:
            node = self._tree.get(self._path(path))
        except TreeError:
            return None
        return node.data.decode("utf-8", "surrogateescape") if isinstance(node, File) else None

    def mtime(self, path: str) -> int | None:
        try:
            node = self._tree.get(self._path(path))
        except TreeError:
            return None
        return None if node is None else node.mtime

    def glob(self, pattern: str) -> list[str]:
        found = ["/" if pattern.startswith("/") else ""]
        for part in filter(None, pattern.split("/")):
            found = [name for folder in found for name in self._matching(folder, part)]
        return sorted(found)

    def _matching(self, folder: str, part: str) -> list[str]:
        joined = posixpath.join(folder, part)
        if not re.search(r"[*?\[]", part):
            return [joined] if self.mtime(joined) is not None else []
        node = self._tree.get(self._path(folder))
        names = [name for name, _ in node.sorted_entries()] if isinstance(node, Directory) else []
        shown = [name for name in names if not name.startswith(".") or part.startswith(".")]
        return [posixpath.join(folder, name) for name in shown if fnmatch.fnmatchcase(name, part)]

    def real(self, path: str) -> str:
        if self.mtime(path) is None:
            return ""
        return self._tree.resolve(self._path(path))

    def shell(self, script: str, environment: Mapping[str, str]) -> Ran:
        status, out, err = self.call.shell(script, self.cwd, {**self.call.env, **environment})
        return Ran(status, out, err)

    def write(self, out: bytes, err: bytes = b"") -> None:
        self.call.out += out
        self.call.err += err

    def complain(self, text: str) -> None:
        self.call.err += f"{text}\n".encode("utf-8", "surrogateescape")


COMMANDS = dict.fromkeys(("make", "gmake"), Command(make, makes_programs=True))
