"""JavaScript and TypeScript as syntax trees, by tree-sitter's grammar of TypeScript.

Belongs here: reading a file, and the module that it is: what it declares, exports and imports. Does
not: what types mean (`scripttypes`), what is left without them (`scriptstrip`).

tree-sitter is not installed with Boxer itself: `pip install 'boxer[javascript]'`.

Invariant: a file that the grammar does not know wholly is refused with its line, never guessed at.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxer.blobstore import read_limited
from boxer.errors import FunctionError, Where

LARGEST_SOURCE = 4 << 20
ENDINGS = (".ts", ".mts", ".js", ".mjs")
_TYPES = ("interface_declaration", "type_alias_declaration", "enum_declaration")
_CLASSES = ("class_declaration", "abstract_class_declaration")
_FUNCTIONS = ("function_declaration", "generator_function_declaration")
Node = Any


@dataclass(slots=True)
class Source:
    """One file. declared: nodes of its types by name. exported: names that its importers see, and
    what they are called here. imported: names from other modules: (module, name there)."""

    path: Path
    text: bytes
    root: Node
    declared: dict[str, Node] = field(default_factory=dict)
    exported: dict[str, str] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start_byte : node.end_byte].decode()

    def where(self, node: Node) -> Where:
        return Where(str(self.path), node.start_point[0] + 1)

    def refused(self, node: Node, why: str, hint: str | None = None) -> FunctionError:
        return FunctionError(why, where=self.where(node), hint=hint)


@functools.cache
def _parser() -> Any:
    try:
        import tree_sitter_typescript
        from tree_sitter import Language, Parser
    except ImportError:
        raise FunctionError(
            "Functions in JavaScript and TypeScript need the package tree-sitter-typescript.",
            hint="pip install 'boxer[javascript]'",
        ) from None
    return Parser(Language(tree_sitter_typescript.language_typescript()))


def read_source(path: Path) -> Source:
    """Raises `FunctionError` for a file that is not there, too large, or not the language."""
    try:
        text = read_limited(path, LARGEST_SOURCE, f"`{path}`")
        text.decode()
    except FileNotFoundError:
        raise FunctionError(f"There is no file `{path}`.") from None
    except OSError as error:
        raise FunctionError(f"`{path}` cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FunctionError(f"`{path}` is not UTF-8.") from None
    return parsed(path, text)


def parsed(path: Path, text: bytes) -> Source:
    """A file of that text. Raises `FunctionError` for what is not the language."""
    source = Source(path, text, _parser().parse(text).root_node)
    if source.root.has_error:
        node = _first_error(source.root)
        near = source.of(node).partition("\n")[0][:40]
        told = f"`{near}` is not expected here" if near else f"`{node.type}` is missing here"
        raise source.refused(node, f"The file cannot be read: {told}.")
    for node in source.root.children:
        _note(source, node)
    return source


def _first_error(node: Node) -> Node:
    for child in node.children:
        if child.is_error or child.is_missing:
            return child
        if child.has_error:
            return _first_error(child)
    return node


def walk(node: Node) -> Iterator[Node]:
    """It and all below it, each before what it holds."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(here.children))


def _note(source: Source, node: Node) -> None:
    if node.type == "import_statement":
        _note_import(source, node)
    elif node.type == "export_statement":
        declaration = node.child_by_field_name("declaration")
        is_default = any(child.type == "default" for child in node.children)
        if declaration is not None:
            _note(source, declaration)
            for name in _names(source, declaration):
                source.exported["default" if is_default else name] = name
        for clause in node.children:
            if clause.type == "export_clause":
                _note_exports(source, node, clause)
        value = node.child_by_field_name("value")
        if is_default and value is not None and value.type == "identifier":
            source.exported["default"] = source.of(value)
    elif node.type in (
        *_TYPES,
        *_CLASSES,
        *_FUNCTIONS,
    ):
        name = node.child_by_field_name("name")
        if name is not None:
            source.declared[source.of(name)] = node
    elif node.type in ("lexical_declaration", "variable_declaration"):
        for one in node.named_children:
            called = one.child_by_field_name("name") if one.type == "variable_declarator" else None
            if called is not None and called.type == "identifier":
                source.declared[source.of(called)] = one


def _names(source: Source, declaration: Node) -> list[str]:
    if declaration.type in ("lexical_declaration", "variable_declaration"):
        names = [one.child_by_field_name("name") for one in declaration.named_children]
    else:
        names = [declaration.child_by_field_name("name")]
    return [source.of(name) for name in names if name is not None]


def _note_import(source: Source, node: Node) -> None:
    module = node.child_by_field_name("source")
    if module is None:
        return
    told = source.of(module)[1:-1]
    for one in walk(node):
        if one.type == "import_specifier":
            name = source.of(one.child_by_field_name("name"))
            alias = one.child_by_field_name("alias")
            source.imported[source.of(alias) if alias else name] = (told, name)
        elif one.type == "import_clause":
            for child in one.named_children:
                if child.type == "identifier":
                    source.imported[source.of(child)] = (told, "default")


def _note_exports(source: Source, node: Node, clause: Node) -> None:
    module = node.child_by_field_name("source")
    for one in clause.named_children:
        if one.type != "export_specifier":
            continue
        name = source.of(one.child_by_field_name("name"))
        alias = one.child_by_field_name("alias")
        source.exported[source.of(alias) if alias else name] = name
        if module is not None:
            source.imported.setdefault(name, (source.of(module)[1:-1], name))


class Sources:
    """The files of a project, each read once. folder: none outside it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._read: dict[Path, Source] = {}

    def read(self, path: Path) -> Source:
        path = path.resolve()
        if path not in self._read:
            self._read[path] = read_source(path)
        return self._read[path]

    def beside(self, source: Source, module: str) -> Source | None:
        """The file that a relative import means; None for any other, and where there is none."""
        if not module.startswith("."):
            return None
        told = posixpath.normpath(posixpath.join(source.path.parent.as_posix(), module))
        for path in _candidates(Path(told)):
            if path.is_file() and path.resolve().is_relative_to(self.folder):
                return self.read(path)
        return None


def _candidates(path: Path) -> Iterator[Path]:
    """As guest/quickjs/modules.c finds files."""
    yield path
    if path.suffix in (".js", ".mjs"):
        yield path.with_suffix(".ts" if path.suffix == ".js" else ".mts")
    for ending in ENDINGS:
        yield path.with_name(path.name + ending)
    yield path / "index.ts"
    yield path / "index.js"
