"""The files of a program in JavaScript, from its first one on: what they import, and what QuickJS
has not got.

Belongs here: following imports, refusing Node's own. Does not: types (`scripttypes`).
"""

from __future__ import annotations

from boxer.functions.scriptsyntax import Node, Source, Sources, walk

# What the base has (guest/quickjs/modules.c).
MODULES = frozenset(("boxer", "boxer:host", "std", "os"))
_NODES = {
    "process": "`std.getenv`, `std.exit` and `scriptArgs` are QuickJS's",
    "Buffer": "bytes are a Uint8Array, text is TextEncoder's and TextDecoder's",
    "require": "write `import ... from`",
    "__dirname": "`import.meta.url` is the file's path",
    "__filename": "`import.meta.url` is the file's path",
}
_BUNDLE = (
    "Bundle packages into one file before, as by `esbuild --bundle --format=esm`, and import that."
)


def program_files(sources: Sources, first: Source) -> list[Source]:
    """It and what it imports, each once. Raises `FunctionError` with file and line."""
    found = [first]
    for source in found:
        _refuse_nodes(source)
        for module in _imported(source):
            name = source.of(module)[1:-1]
            if name in MODULES:
                continue
            if not name.startswith("."):
                what = "a module of Node" if name.startswith("node:") else "a package, or of Node"
                raise source.refused(
                    module, f"`{name}` is {what}: a box's JavaScript imports files, `boxer`,"
                    " `boxer:host`, and QuickJS's `std` and `os`.", _BUNDLE,
                )  # fmt: skip
            beside = None if name.endswith(".json") else sources.beside(source, name)
            if beside is None and not (source.path.parent / name).is_file():
                raise source.refused(module, f"There is no file `{name}`.")
            if beside is not None and beside not in found:
                found.append(beside)
    return found


def _imported(source: Source) -> list[Node]:
    """The names of modules, as they stand in imports that run."""
    found = []
    for node in walk(source.root):
        if node.type in ("import_statement", "export_statement"):
            module = node.child_by_field_name("source")
            if module is not None and not any(one.type == "type" for one in node.children):
                found.append(module)
        elif node.type == "call_expression":
            called = node.child_by_field_name("function")
            given = node.child_by_field_name("arguments").named_children
            if called.type == "import" and given and given[0].type == "string":
                found.append(given[0])
    return found


def _refuse_nodes(source: Source) -> None:
    bound = {source.of(node) for node in walk(source.root) if _is_binding(node)}
    for node in walk(source.root):
        if node.type != "identifier" or _is_asked(node):
            continue
        name = source.of(node)
        if name in _NODES and name not in bound and name not in source.imported:
            raise source.refused(
                node, f"`{name}` is Node's: this is QuickJS, which has none.", _NODES[name] + "."
            )


def _is_binding(node: Node) -> bool:
    """Whether a name begins here: a declaration's, a parameter's."""
    if node.type not in ("identifier", "shorthand_property_identifier_pattern"):
        return False
    above = node.parent
    if node.type != "identifier" or above.type in ("formal_parameters", "catch_clause"):
        return True
    return any(above.child_by_field_name(side) == node for side in ("name", "pattern", "parameter"))


def _is_asked(node: Node) -> bool:
    """`typeof process`: it asks whether there is one."""
    above = node.parent
    return above is not None and above.type == "unary_expression" and above.text[:6] == b"typeof"
