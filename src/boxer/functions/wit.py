"""A function's signature in WIT, the interface language of WebAssembly components.

Belongs here: a package with one interface, its types and one function. Does not: a component; a
box is a core module, which a component's tools can put behind such an interface.

WIT has no recursive types, no `any` and no null: what is one of these is JSON, in a string. Bytes
are `list<u8>`; what may be missing or null is an `option`; names of an object that are not known
are a list of pairs; an integer is as wide as its bounds want, by default `s64`.

Source: WebAssembly/component-model, design/mvp/WIT.md.
"""

from __future__ import annotations

import re
from typing import Any

_KEYWORDS = frozenset(
    [
        "as",
        "async",
        "bool",
        "borrow",
        "char",
        "constructor",
        "enum",
        "export",
        "f32",
        "f64",
        "flags",
        "from",
        "func",
        "future",
        "import",
        "include",
        "interface",
        "list",
        "map",
        "option",
        "own",
        "package",
        "record",
        "resource",
        "result",
        "s16",
        "s32",
        "s64",
        "s8",
        "static",
        "stream",
        "string",
        "tuple",
        "type",
        "u16",
        "u32",
        "u64",
        "u8",
        "use",
        "variant",
        "with",
        "world",
    ]
)
_RANGES = {
    "u32": (0, 2**32 - 1), "s32": (-(2**31), 2**31 - 1), "u64": (0, 2**64 - 1),
}  # fmt: skip
_JSON = "json"


def wit_package(name: str, signature: dict[str, Any]) -> str:
    """name: of the package and its world."""
    package = _kebab(re.split(r"[:@]", name.rpartition("/")[2])[0])
    types = _Package(signature)
    schema, required = signature["input"], set(signature["input"].get("required", ()))
    taken: set[str] = set()
    given = [
        f"{_free(key, taken)}: {types.field(one, f'{key}-input', key in required)}"
        for key, one in schema.get("properties", {}).items()
    ]
    rest = schema.get("additionalProperties", False)
    if rest is not False:
        given.append(f"{_free('rest', taken)}: {types.pairs(rest, 'string', 'rest')}")
    output = types.output()
    lines = [f"/// `{name}`: made by `boxer fn stub`.", f"package boxer:{package};", ""]
    lines += ["interface calls {", *types.lines]
    lines += [f"  /// {line}" for line in signature.get("description", "").split("\n") if line]
    result = f"result<{output or '_'}, string>"
    lines += [f"  {types.function}: func({', '.join(given)}) -> {result};", "}", ""]
    return "\n".join([*lines, f"world {package} {{", "  export calls;", "}", ""])


class _Package:
    """lines: of its types, each behind those it is made of."""

    def __init__(self, signature: dict[str, Any]) -> None:
        self._signature = signature
        self._taken: set[str] = set()
        self.function = _free(signature["name"], self._taken)
        self.lines: list[str] = []
        self._known: dict[tuple[str, str], str] = {}
        self._open: list[tuple[str, str]] = []  # definitions that are being written
        self._side = "input"

    def output(self) -> str:
        """The result's type; empty where it is nothing."""
        self._side = "output"
        schema = self._signature["output"]
        if schema.get("type") == "null":
            return ""
        return self.of({key: one for key, one in schema.items() if key != "$defs"}, "result")

    def field(self, schema: Any, name: str, is_required: bool) -> str:
        kind = self.of(schema, name)
        return kind if is_required or kind.startswith("option<") else f"option<{kind}>"

    def pairs(self, schema: Any, key: str, name: str) -> str:
        return f"list<tuple<{key}, {self.of(schema, name)}>>"

    def of(self, schema: Any, name: str) -> str:
        """name: what a type of its own is called, if it is one."""
        if not isinstance(schema, dict):
            return self._json()
        if "$ref" in schema:
            return self._definition(str(schema["$ref"]).rpartition("/")[2])
        if "const" in schema or "enum" in schema:
            return self._enum(schema, name)
        choices = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(choices, list):
            return self._union(choices, name)
        kind = schema.get("type")
        if kind == "string":
            return "list<u8>" if schema.get("contentEncoding") else "string"
        if kind == "integer":
            return _integer(schema)
        if kind == "array":
            return self._array(schema, name)
        if kind == "object":
            return self._object(schema, name)
        return {"number": "f64", "boolean": "bool"}.get(str(kind)) or self._json()

    def _definition(self, name: str) -> str:
        place = (self._side, name)
        if place in self._open:  # a type that holds itself
            return self._json()
        if place not in self._known:
            definitions = self._signature[self._side].get("$defs", {})
            same = ("input", name)
            if same in self._known and _is_same(self._signature, name):
                return self._known[same]
            self._open.append(place)
            self._known[place] = self.of(definitions.get(name), name)
            self._open.pop()
        return self._known[place]

    def _json(self) -> str:
        if _JSON not in self._taken:
            self._taken.add(_JSON)
            self.lines.insert(0, f"  /// Any value, as JSON.\n  type {_JSON} = string;\n")
        return _JSON

    def _write(self, kind: str, name: str, members: list[str], note: str = "") -> str:
        called = _free(name, self._taken)
        told = [f"  /// {line}" for line in note.split("\n") if line]
        body = "".join(f"    {member},\n" for member in members)
        self.lines.append("\n".join([*told, f"  {kind} {called} {{\n{body}  }}\n"]))
        return called

    def _enum(self, schema: dict[str, Any], name: str) -> str:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        kinds = {type(value) for value in values if value is not None}
        if kinds == {str}:
            taken: set[str] = set()
            cases = [_free(value, taken) for value in values if value is not None]
            made = self._write("enum", schema.get("title", name), cases, _note(schema))
        else:
            made = {frozenset({int}): "s64", frozenset({bool}): "bool"}.get(
                frozenset(kinds)
            ) or self._json()
        return f"option<{made}>" if None in values and kinds else made

    def _union(self, choices: list[Any], name: str) -> str:
        nulls = [one for one in choices if isinstance(one, dict) and one.get("type") == "null"]
        others = [one for one in choices if one not in nulls]
        if len(others) == 1:
            made = self.of(others[0], name)
        else:
            kinds = [self.of(one, f"{name}-{number + 1}") for number, one in enumerate(others)]
            taken: set[str] = set()
            cases = [f"{_free(_case(kind), taken)}({kind})" for kind in dict.fromkeys(kinds)]
            made = self._write("variant", name, cases) if cases else self._json()
        return f"option<{made}>" if nulls and not made.startswith("option<") else made

    def _array(self, schema: dict[str, Any], name: str) -> str:
        prefix = schema.get("prefixItems")
        if not prefix:
            return f"list<{self.of(schema.get('items', True), f'{name}-item')}>"
        least = schema.get("minItems", 0)
        kinds = [
            self.field(one, f"{name}-{place + 1}", place < least)
            for place, one in enumerate(prefix)
        ]
        return f"tuple<{', '.join(kinds)}>"

    def _object(self, schema: dict[str, Any], name: str) -> str:
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not properties:
            if rest is False:  # a record has a field at least
                return self._json()
            names = schema.get("propertyNames", {})
            key = "s64" if "[0-9]" in str(names.get("pattern", "")) else "string"
            return self.pairs(rest, key, f"{name}-value")
        required, taken = set(schema.get("required", ())), set[str]()
        members = [
            f"{_free(key, taken)}: {self.field(one, f'{name}-{key}', key in required)}"
            for key, one in properties.items()
        ]
        if rest is not False and "additionalProperties" in schema:
            members.append(f"{_free('rest', taken)}: {self.pairs(rest, 'string', f'{name}-rest')}")
        return self._write("record", name, members, _note(schema))


def _is_same(signature: dict[str, Any], name: str) -> bool:
    sides = [signature[side].get("$defs", {}) for side in ("input", "output")]
    return bool(sides[0].get(name) == sides[1].get(name)) and "$ref" not in str(sides[0].get(name))


def _integer(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    for kind, (least, most) in _RANGES.items():
        is_wide = kind == "u64" and high is None
        if low is not None and low >= least and (is_wide or (high is not None and high <= most)):
            return kind
    return "s64"


def _case(kind: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind.removeprefix("%")).strip("-")


def _free(name: str, taken: set[str]) -> str:
    made, number = _kebab(name), 1
    wanted = made
    while wanted in taken:
        number += 1
        wanted = f"{made}-v{number}"
    taken.add(wanted)
    return f"%{wanted}" if wanted in _KEYWORDS else wanted


def _kebab(name: str) -> str:
    """Words of small letters and digits, each with a letter first."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    words = [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]
    told = [word if word[0].isalpha() else f"n{word}" for word in words]
    return "-".join(told) or "unnamed"


def _note(schema: dict[str, Any]) -> str:
    return str(schema.get("description", ""))
