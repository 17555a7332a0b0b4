"""TypeScript's types as JSON Schema 2020-12: of annotations, and of JSDoc's braces.

Belongs here: what each type means. Does not: functions (`scripts`), the grammar (`scriptsyntax`).

A schema says in `js` what its values are in the box, where they are not plain data
(guest/quickjs/modules/schema.js); who is told of a signature does not see that (`published`).

Invariant: a type without a JSON form is refused with file and line, never left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from boxer.errors import FunctionError
from boxer.functions.scriptstrip import enumerated
from boxer.functions.scriptsyntax import Node, Source, Sources

Schema = dict[str, Any]
_BYTES: Schema = {"type": "string", "contentEncoding": "base64"}
# Names of the language, and those of the module "boxer".
_NAMED: dict[str, Schema] = {
    "string": {"type": "string"}, "number": {"type": "number"}, "boolean": {"type": "boolean"},
    "null": {"type": "null"}, "undefined": {"type": "null"}, "void": {"type": "null"},
    "any": {}, "unknown": {}, "object": {"type": "object"}, "Object": {"type": "object"},
    "bigint": {"type": "integer", "js": "bigint"},
    "Uint8Array": _BYTES, "ArrayBuffer": {**_BYTES, "js": "ArrayBuffer"},
    "Date": {"type": "string", "format": "date-time", "js": "Date"},
    "int": {"type": "integer"},
    "DateTime": {"type": "string", "format": "date-time"},
    "LocalDate": {"type": "string", "format": "date"},
    "LocalTime": {"type": "string", "format": "time"},
    "Duration": {"type": "string", "format": "duration"},
    "Uuid": {"type": "string", "format": "uuid"},
    "Decimal": {
        "anyOf": [{"type": "number"}, {"type": "string", "format": "decimal"}], "js": "Decimal",
    },
    "String": {"type": "string"}, "Number": {"type": "number"}, "Boolean": {"type": "boolean"},
}  # fmt: skip
_LISTS = ("Array", "ReadonlyArray", "Iterable")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems")
_TAG = re.compile(r"@(\w+)[ \t]+(\S[^\n]*)")


class Types:
    """The types of one function: those with names come together in `definitions`."""

    def __init__(self, sources: Sources) -> None:
        self.definitions: dict[str, Schema] = {}
        self._sources = sources
        self._names: dict[str, Any] = {}

    def schema(self, source: Source, node: Node, bound: dict[str, Schema] | None = None) -> Schema:
        """Of a type's node. bound: what a generic type's parameters mean. Raises
        `FunctionError`."""
        make: Callable[..., Schema] | None = getattr(self, f"_{node.type}", None)
        if make is None:
            raise _no_form(source, node)
        return make(source, node, bound or {})

    def _first(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        return self.schema(source, node.named_children[0], bound)

    _type_annotation = _parenthesized_type = _readonly_type = _first

    def _predefined_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        return self._by_name(source, node, source.of(node), [], bound)

    def _type_identifier(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        return self._by_name(source, node, source.of(node), [], bound)

    _identifier = _type_identifier

    def _generic_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        name = source.of(node.child_by_field_name("name"))
        given = node.child_by_field_name("type_arguments").named_children
        return self._by_name(source, node, name, given, bound)

    def _literal_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        told = source.of(node)
        if told in ("null", "undefined"):
            return {"type": "null"}
        if told in ("true", "false"):
            return {"const": told == "true"}
        if told[0] in "\"'":
            return {"const": _text(told), "type": "string"}
        try:
            value = json.loads(told)
        except ValueError:
            raise _no_form(source, node) from None
        return {"const": value, "type": "integer"} if isinstance(value, int) else {"const": value}

    def _array_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        return {"type": "array", "items": self._first(source, node, bound)}

    def _tuple_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        items: list[Schema] = []
        least, rest = 0, False
        for one in node.named_children:
            if one.type == "rest_type":
                rest = self.schema(source, one.named_children[0], bound)["items"]
                continue
            told = one
            if one.type in ("optional_type", "optional_parameter"):
                told = one.child_by_field_name("type") or one.named_children[0]
            elif one.type == "required_parameter":
                told = one.child_by_field_name("type")
            if one.type not in ("optional_type", "optional_parameter"):
                least = len(items) + 1
            items.append(self.schema(source, told, bound))
        made: Schema = {"type": "array", "minItems": least}
        if rest is False:
            made["maxItems"] = len(items)
        if items:
            made |= {"prefixItems": items, "items": rest}
        return made

    def _union_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        choices: list[Schema] = []
        for one in node.named_children:
            told = self.schema(source, one, bound)
            choices += told["anyOf"] if set(told) == {"anyOf"} else [told]
        return union(choices)

    def _intersection_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        made: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
        for one in node.named_children:
            _join(made, self._resolved(source, one, bound))
        return made

    def _object_type(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        rest: Schema | bool = False
        for one in node.named_children:
            if one.type == "property_signature":
                name = _name(source, one.child_by_field_name("name"))
                told = one.child_by_field_name("type")
                schema = self.schema(source, told, bound) if told is not None else {}
                properties[name] = {**schema, **documented(source, one)}
                if not any(child.type == "?" for child in one.children):
                    required.append(name)
            elif one.type == "index_signature":
                rest = self.schema(source, one.child_by_field_name("type"), bound)
            elif one.type != "comment":
                raise _no_form(source, one)
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": rest}
        if required:
            made["required"] = required
        if not properties and rest is not False:
            del made["properties"]
        return made

    _interface_body = _object_type

    def _resolved(self, source: Source, node: Node, bound: dict[str, Schema]) -> Schema:
        """Of an object's type: its own schema, not a reference to it."""
        told = self.schema(source, node, bound)
        if "$ref" in told:
            told = self.definitions[told["$ref"].removeprefix("#/$defs/")]
        if told.get("type") != "object":
            raise source.refused(node, f"`{source.of(node)}` is no type of an object with fields.")
        return told

    def _by_name(
        self, source: Source, node: Node, name: str, given: list[Any], bound: dict[str, Schema]
    ) -> Schema:
        if name in bound:
            return bound[name]
        declared = self._declared(source, name)
        if declared is not None:
            return self._of_declared(*declared, [self.schema(source, one, bound) for one in given])
        if name in _LISTS and len(given) == 1:
            return {"type": "array", "items": self.schema(source, given[0], bound)}
        if name in ("Set", "ReadonlySet") and len(given) == 1:
            items = self.schema(source, given[0], bound)
            return {"type": "array", "items": items, "uniqueItems": True, "js": "Set"}
        if name in ("Map", "ReadonlyMap", "Record") and len(given) == 2:
            return self._mapping(source, given, bound, name != "Record")
        if name in ("Promise", "Readonly", "NonNullable") and len(given) == 1:
            return self.schema(source, given[0], bound)
        if name in ("Partial", "Required", "Pick", "Omit"):
            return self._of_fields(source, node, name, given, bound)
        if name in _NAMED and (not given or name == "Uint8Array"):
            return dict(_NAMED[name])
        raise _no_form(source, node)

    def _mapping(
        self, source: Source, given: list[Any], bound: dict[str, Schema], is_map: bool
    ) -> Schema:
        names, values = (self.schema(source, one, bound) for one in given)
        keys = self.definitions.get(names.get("$ref", "").removeprefix("#/$defs/"), names)
        texts = keys.get("enum", [keys["const"]] if "const" in keys else None)
        if texts is not None and not is_map:
            fields = {str(text): values for text in texts}
            return {
                "type": "object", "properties": fields, "additionalProperties": False,
                "required": list(fields),
            }  # fmt: skip
        made: Schema = {"type": "object", "additionalProperties": values}
        if keys.get("type") in ("number", "integer"):
            made["propertyNames"] = {"pattern": "^-?[0-9]+$"}
        elif keys.get("type") != "string":
            raise source.refused(given[0], "Names of an object's fields are texts or numbers.")
        elif names != {"type": "string"}:
            made["propertyNames"] = names
        return made | ({"js": "Map"} if is_map else {})

    def _of_fields(
        self, source: Source, node: Node, name: str, given: list[Any], bound: dict[str, Schema]
    ) -> Schema:
        made: Schema = json.loads(json.dumps(self._resolved(source, given[0], bound)))
        made.pop("title", None)
        fields = made.get("properties", {})
        if name in ("Pick", "Omit"):
            told = self.schema(source, given[1], bound)
            chosen = told.get("enum", [told.get("const")])
            kept = [one for one in fields if (one in chosen) == (name == "Pick")]
        else:
            kept = list(fields)
        made["properties"] = {one: fields[one] for one in kept}
        required = made.pop("required", []) if name != "Required" else kept
        required = [] if name == "Partial" else [one for one in required if one in kept]
        return made | ({"required": required} if required else {})

    def _declared(self, source: Source, name: str) -> tuple[Source, Node] | None:
        """The type of that name, here or where it is imported from."""
        for _ in range(100):
            if name in source.declared:
                return source, source.declared[name]
            module, there = source.imported.get(name, ("", ""))
            beside = self._sources.beside(source, module)
            if beside is None:
                return None
            source, name = beside, beside.exported.get(there, there)
        return None

    def _of_declared(self, source: Source, node: Node, given: list[Schema]) -> Schema:
        name = source.of(node.child_by_field_name("name"))
        key = (source.path, node.start_byte, json.dumps(given))
        label = self._label(name, given, key)
        if label not in self.definitions:
            self.definitions[label] = {}
            made = self._made(source, node, given)
            self.definitions[label] = {"title": name, **documented(source, node), **made}
        return {"$ref": f"#/$defs/{label}"}

    def _label(self, name: str, given: list[Schema], key: Any) -> str:
        words = [name, *(str(one.get("title") or one.get("type") or "") for one in given)]
        wanted = label = re.sub(r"\W+", "_", "_".join(filter(None, words)))
        number = 1
        while self._names.setdefault(label, key) != key:
            number += 1
            label = f"{wanted}_{number}"
        return label

    def _made(self, source: Source, node: Node, given: list[Schema]) -> Schema:
        if node.type == "enum_declaration":
            values = [json.loads(value) for _, value in enumerated(source, node)]
            return one_of(values)
        bound = self._bound(source, node, given)
        if node.type == "type_alias_declaration":
            return self.schema(source, node.child_by_field_name("value"), bound)
        if node.type != "interface_declaration":
            what = "a class" if "class" in node.type else "no type"
            raise source.refused(
                node, f"`{source.of(node.child_by_field_name('name'))}` is {what}.",
                "What goes in and out of a box is data: an interface, or a type.",
            )  # fmt: skip
        made: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
        for child in node.children:
            if child.type == "extends_type_clause":
                for one in child.named_children:
                    _join(made, self._resolved(source, one, bound))
        return _join(made, self.schema(source, node.child_by_field_name("body"), bound))

    def _bound(self, source: Source, node: Node, given: list[Schema]) -> dict[str, Schema]:
        parameters = node.child_by_field_name("type_parameters")
        bound: dict[str, Schema] = {}
        for place, one in enumerate(parameters.named_children if parameters is not None else ()):
            name = source.of(one.child_by_field_name("name"))
            default = one.child_by_field_name("value")
            if place < len(given):
                bound[name] = given[place]
            elif default is not None:
                bound[name] = self.schema(source, default.named_children[0], bound)
            else:
                raise source.refused(one, f"What `{name}` is has not been said.")
        return bound


def _no_form(source: Source, node: Node) -> FunctionError:
    return source.refused(
        node, f"The type `{source.of(node)[:60]}` has no JSON form.",
        "There are: string, number, boolean, null, bigint, Uint8Array, Date, arrays, tuples, Set,"
        " Map, Record, unions, literals, enums, interfaces, and int, LocalDate, LocalTime,"
        " DateTime, Duration, Uuid and Decimal of `boxer`.",
    )  # fmt: skip


def _join(made: Schema, more: Schema) -> Schema:
    """A type with another's fields, too."""
    made["properties"] = {**made.get("properties", {}), **more.get("properties", {})}
    required = dict.fromkeys([*made.get("required", []), *more.get("required", [])])
    if required:
        made["required"] = list(required)
    if more.get("additionalProperties") is not False:
        made["additionalProperties"] = more.get("additionalProperties", {})
    return made


def union(choices: list[Schema]) -> Schema:
    """One of several; of literals alone, and `true | false`, what they come to."""
    kept: list[Schema] = []
    for one in choices:
        if one not in kept:
            kept.append(one)
    if {"const": True} in kept and {"const": False} in kept:
        kept = [one for one in kept if one not in ({"const": True}, {"const": False})]
        kept.append({"type": "boolean"})
    if len(kept) > 1 and all("const" in one for one in kept):
        return one_of([one["const"] for one in kept])
    return kept[0] if len(kept) == 1 else {"anyOf": kept}


def one_of(values: list[Any]) -> Schema:
    """As boxer.schemas has enums and literals."""
    made: Schema = {"enum": values} if len(values) != 1 else {"const": values[0]}
    kinds = {type(value) for value in values}
    if kinds == {str}:
        made["type"] = "string"
    elif kinds == {int}:
        made["type"] = "integer"
    return made


def _text(told: str) -> str:
    if told[0] == "'":
        told = '"' + told[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return str(json.loads(told))


def _name(source: Source, node: Node) -> str:
    told = source.of(node)
    return _text(told) if told[0] in "\"'" else told


def comment_before(source: Source, node: Node) -> str:
    """The JSDoc comment of a node, without its stars."""
    at = node
    if at.parent is not None and at.parent.type == "export_statement":
        at = at.parent
    before = at.prev_sibling
    while before is not None and before.type in (",", ";"):
        before = before.prev_sibling
    if before is None or before.type != "comment":
        return ""
    text = source.of(before)
    if not text.startswith("/**"):
        return ""
    lines = [re.sub(r"^\s*\* ?", "", line) for line in text[3:-2].split("\n")]
    return "\n".join(lines).strip()


def documented(source: Source, node: Node) -> Schema:
    """What its JSDoc says: a description, and limits as ts-json-schema-generator has them."""
    text = comment_before(source, node)
    made: Schema = {}
    for name, told in _TAG.findall(text):
        told = told.strip()
        try:
            if name in _NUMBERS:
                made[name] = json.loads(told)
            elif name in _SIZES:
                made[name] = int(told)
        except ValueError:
            raise source.refused(node, f"`@{name} {told}` is no number.") from None
        if name == "pattern":
            made["pattern"] = told
    description = text.partition("@")[0].partition("\n\n")[0].replace("\n", " ").strip()
    return {"description": description, **made} if description else made


def published(schema: Any) -> Any:
    """A schema as callers see it. A field of its own that is called `js` is no text."""
    if isinstance(schema, list):
        return [published(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: published(one)
        for name, one in schema.items()
        if name != "js" or not isinstance(one, str)
    }
