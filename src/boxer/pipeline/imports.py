"""Which modules of the standard library and of installed packages a box's program will import.

Belongs here: following imports through a tree, from the source text. Does not: importing them (the
guest does, before the freeze), which file is the program (`entry`), what is wanted (`warmup`).

A module that is imported before the freeze need not be imported in any run. The program's own
modules are left to the run: they are where it reads its environment and opens its files.

Invariants
1. This is advice: what cannot be read or found is left out, and nothing here fails a build.
2. The answer depends on the tree, the settings and the syntax this Python knows; it is sorted.
"""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from boxer.boxfile import ImageConfig
from boxer.errors import TreeError
from boxer.filetree import Directory, File, Tree
from boxer.pipeline.entry import Entry, find_entry
from boxer.pipeline.mentioned import mentioned

# Effects on import, and the reason to import them at all: a line, a picture, a web page.
EASTER_EGGS = frozenset({"this", "antigravity", "__hello__", "__phello__"})
# Looking is not to take longer than it saves.
MOST_FILES = 2000
# Statements whose blocks run when the module does.
_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Imports:
    """Names of modules the default command imports, at any depth, sorted. own: the paths and
    contents of the program's own files among them."""

    standard: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    own: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def program_imports(config: ImageConfig, tree: Tree, library: str) -> Imports:
    """What the default command imports. library: the standard library's
    folder."""
    first, others = find_entry(config, tree), mentioned(config, tree)
    entries = dict.fromkeys([*([first] if first else []), *others.entries])
    if not entries:
        return Imports()
    own = [entry.folder for entry in entries]
    own += [config.working_dir or "/", *config.environment().get("PYTHONPATH", "").split(":")]
    folders = list(dict.fromkeys(path for path in own if path))
    search = _Search(tree, library, folders, _site_packages(tree, library))
    for entry in entries:
        search.follow(entry)
    for name in others.names:
        search.follow_own(name)
    found, installed = sorted(search.found), sorted(search.installed)
    return Imports(tuple(found), tuple(installed), tuple(search.own_files))


def _site_packages(tree: Tree, library: str) -> list[str]:
    """The site-packages of the base and of virtual environments, wherever they are."""
    version = posixpath.basename(library)
    tail = f"/lib/{version}/site-packages"
    return [
        path for path, node in tree.walk() if path.endswith(tail) and isinstance(node, Directory)
    ]


@dataclass(slots=True)
class _Search:
    tree: Tree
    library: str
    own: list[str]
    sites: list[str]
    found: set[str] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    own_files: list[tuple[str, bytes]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _files: int = 0

    def follow(self, entry: Entry) -> None:
        if entry.code is not None:
            self._source(entry.code, "")
        elif entry.module is not None:
            self._main(entry.module)
        elif entry.script is not None:
            node = self._file(entry.script)
            if node is not None:
                self.own_files.append((entry.script, node.data))
                self._source(node.data, "")

    def follow_own(self, name: str) -> None:
        """A module that the command names, if it is the program's own."""
        place = name.replace(".", "/")
        ends = (".py", "/__init__.py")
        if any(self._file(f"{path}/{place}{end}") for path in self.own for end in ends):
            self._module(name)

    def _main(self, name: str) -> None:
        """What `-m NAME` runs: it is not imported itself, and runpy warns if it has been."""
        if "." in name:
            self._module(name.rpartition(".")[0])
        for module in (name, f"{name}.__main__"):
            for path in (*self.own, *self.sites, self.library):
                place = f"{path}/{module.replace('.', '/')}"
                package = self._file(f"{place}/__init__.py")
                source = package or self._file(f"{place}.py")
                if source is not None:
                    if path in self.own:
                        self.own_files.append((f"{place}.py", source.data))
                    self._source(source.data, module if package else module.rpartition(".")[0])
                    break

    def _module(self, name: str) -> None:
        """Looks for a module as the path finder does, folder by folder."""
        if name in self._seen or self._files >= MOST_FILES:
            return
        self._seen.add(name)
        parent = name.rpartition(".")[0]
        if parent:
            self._module(parent)
        place = name.replace(".", "/")
        for path in (*self.own, *self.sites):
            for file, package in ((f"{place}/__init__.py", name), (f"{place}.py", parent)):
                node = self._file(f"{path}/{file}")
                if node is not None:
                    if path in self.sites:
                        self.installed.add(name)
                    else:
                        self.own_files.append((f"{path}/{file}", node.data))
                    self._source(node.data, package)
                    return
        top = name.partition(".")[0]
        if top not in EASTER_EGGS and self._standard(place):
            self.found.add(name)

    def _standard(self, place: str) -> bool:
        return any(self._file(f"{self.library}/{place}{end}") for end in (".py", "/__init__.py"))

    def _file(self, path: str) -> File | None:
        try:
            node = self.tree.get(path)
        except TreeError:
            return None
        return node if isinstance(node, File) else None

    def _source(self, source: str | bytes, package: str) -> None:
        self._files += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return  # also: syntax of a later Python than this one
        for name in _imported(parsed.body, package):
            self._module(name)


def _imported(body: list[ast.stmt], package: str) -> Iterator[str]:
    """The modules that are imported when a module is: not those of functions and of type checks."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from _imported_from(statement, package)
        elif isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            yield from _imported(statement.orelse, package)
        elif isinstance(statement, _BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                yield from _imported(getattr(statement, part, []), package)


def _imported_from(statement: ast.ImportFrom, package: str) -> Iterator[str]:
    """The module, and its names, each of which may be a module, too."""
    base = statement.module or ""
    if statement.level:
        above = package.split(".")[: len(package.split(".")) - statement.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    if not base or base.startswith("."):
        return
    yield base
    yield from (f"{base}.{alias.name}" for alias in statement.names if alias.name != "*")
