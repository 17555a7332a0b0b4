"""A function in JavaScript or TypeScript: its signature, from its types.

Belongs here: the function that an entry names, its parameters, JSDoc. Does not: what types mean
(`scripttypes`), building (`languages`).

Parameters are given by name. A last parameter that is taken apart, `{ width = 64 }`, is no
parameter itself: its fields are, and have no place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxer.errors import FunctionError
from boxer.functions.scriptsyntax import Node, Source, Sources, parsed
from boxer.functions.scripttypes import Schema, Types, comment_before, published
from boxer.schemas import DIALECT

_FUNCTIONS = ("function_declaration", "arrow_function", "function_expression", "function")
_INJECTED = {"Context": "context", "Next": "next"}
_LITERALS = ("string", "number", "true", "false", "null", "unary_expression")


@dataclass(slots=True)
class ScriptFunction:
    """document: its signature, as callers know it. types, parameters: as
    guest/quickjs/modules/functions.js has them."""

    document: dict[str, Any]
    types: dict[str, Any]
    parameters: list[dict[str, Any]]


@dataclass(slots=True)
class _Told:
    """What JSDoc says. parameters: (type, is optional, description) by name."""

    description: str = ""
    parameters: dict[str, tuple[str, bool, str]] = field(default_factory=dict)
    result: str = ""


def split_entry(entry: str) -> tuple[str, str]:
    """FILE and the name it is exported under."""
    file, _, name = entry.partition(":")
    return file, name or "default"


def read_function(sources: Sources, folder: Path, entry: str, name: str) -> ScriptFunction:
    """Raises `FunctionError`."""
    file, exported = split_entry(entry)
    source = sources.read(folder / file)
    node = _find(sources, source, exported)
    if node is None:
        there = ", ".join(f"`{one}`" for one in source.exported) or "nothing"
        raise FunctionError(
            f"`{file}` exports no function `{exported}`: it exports {there}.",
            hint=f"`export function {exported if exported != 'default' else 'handler'}(...)`",
        )
    source, node = node
    return _Reading(sources, source, node).function(name)


def _find(sources: Sources, source: Source, name: str) -> tuple[Source, Node] | None:
    for _ in range(100):
        local = source.exported.get(name)
        if local is None and name == "default":
            return _default(source)
        if local is None:
            return None
        declared = source.declared.get(local)
        if declared is not None:
            value = declared.child_by_field_name("value") or declared
            return (source, value) if value.type in _FUNCTIONS else None
        module, there = source.imported.get(local, ("", ""))
        beside = sources.beside(source, module)
        if beside is None:
            return None
        source, name = beside, there
    return None


def _default(source: Source) -> tuple[Source, Node] | None:
    for node in source.root.children:
        if node.type == "export_statement" and any(one.type == "default" for one in node.children):
            value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
            if value is not None and value.type in _FUNCTIONS:
                return source, value
    return None


class _Reading:
    """One function."""

    def __init__(self, sources: Sources, source: Source, node: Node) -> None:
        self._source, self._node = source, node
        self._taken, self._given = Types(sources), Types(sources)
        self._properties: dict[str, Schema] = {}
        self._required: list[str] = []
        self._positional: list[str] = []
        self._parameters: list[dict[str, Any]] = []
        self._sources = sources
        self._next: dict[str, Any] | None = None
        self._told = _jsdoc(comment_before(source, _statement(node)))

    def function(self, name: str) -> ScriptFunction:
        for node in self._parameter_nodes():
            self._add(node)
        taken: Schema = {
            "type": "object",
            "properties": self._properties,
            "additionalProperties": False,
        }
        if self._required:
            taken["required"] = self._required
        types = {
            "input": _document(taken, self._taken),
            "output": _document(self._result(), self._given),
        }
        if self._next is None and self._source.imported.get("next") == ("boxer", "next"):
            self._next = {"input": {}, "output": {}}
        if self._next is not None:
            types["next"] = self._next
        document = {
            "name": name,
            "positional": self._positional,
            "async": self._is_async(),
            **({"description": self._told.description} if self._told.description else {}),
            **published(types),
        }
        return ScriptFunction(document, types, self._parameters)

    def _parameter_nodes(self) -> list[Node]:
        alone = self._node.child_by_field_name("parameter")  # x => ..
        if alone is not None:
            return [alone]
        listed = self._node.child_by_field_name("parameters")
        return [one for one in listed.named_children if one.type != "comment"]

    def _add(self, node: Node) -> None:
        pattern = node.child_by_field_name("pattern") or node
        hint = node.child_by_field_name("type")
        if pattern.type == "this":
            return
        injected = self._injected(hint)
        if injected:
            self._parameters.append({"given": injected})
        elif pattern.type == "object_pattern":
            self._add_options(node, pattern, hint)
        elif pattern.type == "rest_pattern":
            self._add_rest(pattern, hint)
        elif pattern.type == "identifier":
            self._add_named(node, pattern, hint)
        else:
            raise self._source.refused(
                pattern, f"The parameter `{self._source.of(pattern)}` has no name.",
                "Name it, and take it apart within.",
            )  # fmt: skip

    def _add_named(self, node: Node, pattern: Node, hint: Node | None) -> None:
        name = self._source.of(pattern)
        kind, is_optional, description = self._told.parameters.get(name, ("", False, ""))
        schema = self._schema(self._taken, hint, kind)
        value = node.child_by_field_name("value")
        is_optional = is_optional or node.type == "optional_parameter" or value is not None
        self._property(name, schema, is_optional, value, description, pattern)
        self._positional.append(name)
        self._parameters.append({"name": name})

    def _add_rest(self, pattern: Node, hint: Node | None) -> None:
        name = self._source.of(pattern.named_children[0])
        kind, _, description = self._told.parameters.get(name, ("", False, ""))
        if kind.startswith("..."):
            kind = f"({kind[3:]})[]"
        schema = self._schema(self._taken, hint, kind) or {"type": "array", "items": {}}
        self._property(name, schema, True, None, description, pattern)
        self._parameters.append({"rest": name})

    def _add_options(self, node: Node, pattern: Node, hint: Node | None) -> None:
        defaults = dict(self._taken_apart(pattern))
        schema = self._schema(self._taken, hint, self._options_type())
        if "$ref" in schema:
            schema = self._taken.definitions[schema["$ref"].removeprefix("#/$defs/")]
        fields: dict[str, Schema] = schema.get("properties", {}) if schema else {}
        if schema and (schema.get("type") != "object" or schema.get("additionalProperties")):
            raise self._source.refused(node, "What is taken apart has named fields.")
        names = list(fields or defaults)
        required = schema.get("required", []) if schema else names
        is_optional = node.child_by_field_name("value") is not None
        for name in names:
            value = defaults.get(name)
            lacks = is_optional or name not in required or value is not None
            self._property(name, fields.get(name, {}), lacks, value, "", pattern)
        self._parameters.append({"options": names})

    def _options_type(self) -> str:
        """Of JSDoc's `@param {number} [options.width]`, which name the fields."""
        fields = {
            name.partition(".")[2]: told
            for name, told in self._told.parameters.items()
            if "." in name
        }
        if not fields:
            return ""
        told = "; ".join(
            f"{name}{'?' if is_optional else ''}: {kind or 'any'}"
            for name, (kind, is_optional, _) in fields.items()
        )
        return f"{{ {told} }}"

    def _taken_apart(self, pattern: Node) -> list[tuple[str, Node | None]]:
        found: list[tuple[str, Node | None]] = []
        for one in pattern.named_children:
            if one.type == "shorthand_property_identifier_pattern":
                found.append((self._source.of(one), None))
            elif one.type == "object_assignment_pattern":
                left, right = (one.child_by_field_name(side) for side in ("left", "right"))
                found.append((self._source.of(left), right))
            elif one.type == "pair_pattern":
                key, value = (one.child_by_field_name(side) for side in ("key", "value"))
                default = (
                    value.child_by_field_name("right")
                    if value.type == "assignment_pattern"
                    else None
                )
                found.append((self._source.of(key), default))
            elif one.type != "comment":
                raise self._source.refused(one, f"`{self._source.of(one)}` names no field.")
        return found

    def _property(
        self, name: str, schema: Schema, is_optional: bool, value: Node | None, told: str, at: Node
    ) -> None:
        if name in self._properties:
            raise self._source.refused(at, f"`{name}` is there twice.")
        if told and "description" not in schema:
            schema = {**schema, "description": told}
        default = self._literal(value)
        if default is not _UNKNOWN:
            schema = {**schema, "default": default}
        self._properties[name] = schema
        if not is_optional:
            self._required.append(name)

    def _literal(self, node: Node | None) -> Any:
        if node is None or node.type not in _LITERALS:
            return _UNKNOWN
        told = self._source.of(node)
        if told[0] == "'":
            told = '"' + told[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
        try:
            return json.loads(told)
        except ValueError:
            return _UNKNOWN

    def _injected(self, hint: Node | None) -> str:
        if hint is None:
            return ""
        told = hint.named_children[0]
        name = self._source.of(told.child_by_field_name("name") or told)
        local = self._source.imported.get(name, ("boxer", name))
        if name in self._source.declared or local[0] != "boxer" or local[1] not in _INJECTED:
            return ""
        if local[1] == "Next":
            self._next = self._links(told)
        return _INJECTED[local[1]]

    def _links(self, told: Node) -> dict[str, Any]:
        given = told.child_by_field_name("type_arguments")
        parts = given.named_children if given is not None else []
        if len(parts) != 2:
            return {"input": {}, "output": {}}
        written, read = Types(self._sources), Types(self._sources)
        return {
            "input": _document(written.schema(self._source, parts[0]), written),
            "output": _document(read.schema(self._source, parts[1]), read),
        }

    def _result(self) -> Schema:
        return self._schema(
            self._given, self._node.child_by_field_name("return_type"), self._told.result
        )

    def _schema(self, types: Types, hint: Node | None, told: str) -> Schema:
        if hint is not None:
            if hint.type != "type_annotation":
                return {"type": "boolean"}  # `x is T`
            return types.schema(self._source, hint)
        if not told:
            return {}
        source = self._typed(told)
        return types.schema(source, source.declared["__type"].child_by_field_name("value"))

    def _typed(self, told: str) -> Source:
        """JSDoc's type, as a file that knows what this one knows."""
        line = self._node.start_point[0]
        types = " ".join((f"type __type = {_as_typescript(told)};", *_typedefs(self._source)))
        source = parsed(self._source.path, b"\n" * line + types.encode())
        source.imported = self._source.imported
        return source

    def _is_async(self) -> bool:
        if any(child.type == "async" for child in self._node.children):
            return True
        hint = self._node.child_by_field_name("return_type")
        told = self._source.of(hint) if hint is not None else self._told.result
        return bool(re.match(r"[:\s]*Promise\b", told))


_UNKNOWN: Any = object()


def _statement(node: Node) -> Node:
    """What a comment stands before."""
    while node.parent is not None and node.parent.type in (
        "variable_declarator", "lexical_declaration", "variable_declaration", "export_statement",
    ):  # fmt: skip
        node = node.parent
    return node


def _document(schema: Schema, types: Types) -> Schema:
    made = {"$schema": DIALECT, **schema}
    if types.definitions:
        made["$defs"] = types.definitions
    return made


def _braced(text: str, at: int) -> tuple[str, int]:
    """What stands in braces from there on, and where they end; nothing: there are none."""
    if text[at : at + 1] != "{":
        return "", at
    depth = 0
    for here in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[here], 0)
        if depth == 0:
            return text[at + 1 : here].strip(), here + 1
    return "", len(text)


def _jsdoc(text: str) -> _Told:
    told = _Told(re.split(r"(?:^|\n)\s*@", text)[0].partition("\n\n")[0].replace("\n", " ").strip())
    for found in re.finditer(r"(?:^|\n)\s*@(\w+)[ \t]*", text):
        kind, at = _braced(text, found.end())
        rest = text[at:].partition("\n")[0].strip()
        if found[1] in ("returns", "return"):
            told.result = kind
        elif found[1] in ("param", "arg", "argument"):
            name, _, description = rest.partition(" ")
            if rest.startswith("["):
                name, _, description = rest[1:].partition("]")
            is_optional = rest.startswith("[") or kind.endswith("=")
            name = name.partition("=")[0].strip()
            told.parameters[name] = (
                kind.removesuffix("="),
                is_optional,
                description.strip().removeprefix("-").strip(),
            )
    return told


def _as_typescript(told: str) -> str:
    """JSDoc's own ways to write a type."""
    if told == "*":
        return "any"
    if told.startswith("?"):
        return f"{told[1:]} | null"
    return told.removeprefix("!").replace("Object<", "Record<").replace("Array.<", "Array<")


def _typedefs(source: Source) -> list[str]:
    """`@typedef {TYPE} Name`, and `@typedef {Object} Name` with `@property {TYPE} name` each."""
    made = []
    for node in source.root.children:
        text = source.of(node) if node.type == "comment" else ""
        found = re.search(r"@typedef[ \t]*", text) if text.startswith("/**") else None
        if found is None:
            continue
        kind, at = _braced(text, found.end())
        name = re.match(r"\s*(\w+)", text[at:])
        fields = []
        for one in re.finditer(r"@prop(?:erty)?[ \t]*", text):
            of_field, behind = _braced(text, one.end())
            called = re.match(r"\s*(\[?)(\w+)", text[behind:])
            if called:
                fields.append(f"{called[2]}{'?' if called[1] else ''}: {_as_typescript(of_field)}")
        if name:
            whole = f"{{ {'; '.join(fields)} }}" if fields else _as_typescript(kind)
            made.append(f"type {name[1]} = {whole};")
    return made
