"""The extension modules and C programs in a tree.

Belongs here: which files they are and their dotted names. Does not: linking them.

Invariants
1. A file counts by what it is, a relocatable object with an extension module's name; wherever it
   was copied to, it is found again.
2. Finding changes nothing: a box's own tree gets placeholders, a stage's keeps the objects.
3. A package is a folder, which a built-in module is not: where its own module, `__init__`, is there
   as an object and in Python, the one in Python is the package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from boxer.filetree import Directory, File, Tree
from boxer.wasmformat import object_of

SUFFIX = ".so"
_NAME = re.compile(r"(?P<stem>\w+)(\.[-\w]+)*\.so")
_MAGIC = b"\0asm"
_SITES = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class ExtensionModule:
    """path: in the tree. name: dotted. data: the object."""

    path: str
    name: str
    data: bytes


def extension_modules(tree: Tree) -> tuple[ExtensionModule, ...]:
    """The tree's extension modules by name; of two with one name the first path's."""
    found: dict[str, ExtensionModule] = {}
    for path, node in sorted(tree.walk(), key=lambda entry: entry[0]):
        if path.endswith(SUFFIX) and isinstance(node, File) and node.data[:4] == _MAGIC:
            match = _NAME.fullmatch(path.rpartition("/")[2])
            if match and not (match["stem"] == "__init__" and _is_package(tree, _folder(path))):
                name = _dotted(tree, path, match["stem"])
                found.setdefault(name, ExtensionModule(path, name, bytes(node.data)))
    return tuple(found[name] for name in sorted(found))


@dataclass(frozen=True, slots=True)
class LinkedProgram:
    """A C program of the tree. paths: where it lies. name: the machine's for it. data: the
    object."""

    paths: tuple[str, ...]
    name: str
    data: bytes


def linked_programs(tree: Tree) -> tuple[LinkedProgram, ...]:
    """The tree's executable C programs that carry their object, by name."""
    found: dict[str, tuple[list[str], bytes]] = {}
    for path, node in sorted(tree.walk(), key=lambda entry: entry[0]):
        if not isinstance(node, File) or not node.mode & 0o111 or node.data[:4] != _MAGIC:
            continue
        own = None if path.endswith(SUFFIX) else object_of(node.data)
        if own is not None:
            found.setdefault(own.name, ([], own.data))[0].append(path)
    return tuple(LinkedProgram(tuple(p), name, data) for name, (p, data) in sorted(found.items()))


def program_line(program: LinkedProgram) -> bytes:
    """What lies in the program's place where its code is the interpreter's."""
    return f"#!boxer {program.name}\n".encode()


def with_program_lines(tree: Tree, programs: Sequence[LinkedProgram]) -> Tree:
    """A copy of the tree with a line in each program's place."""
    own = tree.copy()
    for program in programs:
        for path in program.paths:
            own.put(path, replace(own.file(path), data=program_line(program)))
    return own


def with_placeholders(
    tree: Tree, modules: Sequence[ExtensionModule], programs: Sequence[LinkedProgram] = ()
) -> Tree:
    """A copy of the tree in which each object's place is taken by a line that names it: the code
    is the interpreter's."""
    own = with_program_lines(tree, programs)
    for module in modules:
        node = own.file(module.path)
        own.put(module.path, replace(node, data=f"#!boxer extension {module.name}\n".encode()))
    return own


def _dotted(tree: Tree, path: str, stem: str) -> str:
    """The name a module at this path is imported by: from the folder of packages it lies in, else
    from the folders above that are packages."""
    parents = path.strip("/").split("/")[:-1]
    for place in range(len(parents) - 1, -1, -1):
        if parents[place] in _SITES:
            return ".".join([*parents[place + 1 :], stem])
    package: list[str] = []
    while parents and _is_package(tree, "/" + "/".join(parents)):
        package.insert(0, parents.pop())
    return ".".join([*package, stem])


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_package(tree: Tree, folder: str) -> bool:
    node = tree.get(folder)
    return isinstance(node, Directory) and "__init__.py" in node.entries
