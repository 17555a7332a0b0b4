"""Whether what fits one JSON Schema fits another: for changes of a signature, and links of a chain.

Belongs here: the part of JSON Schema 2020-12 that signatures use. Does not: checking values.

Invariant: what is not understood counts as a difference, never as the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boxer.schemas import RULES

Schema = dict[str, Any]
_NOTES = frozenset(("title", "description", "default", "examples", "$schema", "$defs", "$ref"))
_KNOWN = _NOTES | {
    "type", "properties", "required", "additionalProperties", "propertyNames", "items",
    "prefixItems", "minItems", "maxItems", "uniqueItems", "anyOf", "oneOf", "enum",
    "const", "format", "contentEncoding", "pattern", "minLength", "maxLength", "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minProperties",
    "maxProperties", "discriminator", RULES,
}  # fmt: skip
_NUMBER = frozenset(("integer", "number"))
_SIZES = {"array": "Items", "string": "Length", "object": "Properties"}
_SAME = ("format", "contentEncoding", "pattern")
# Formats that every text has.
_ANY_TEXT = ("path",)
_INFINITE = float("inf")
_TYPES = {
    str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
    list: "array", dict: "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """path: a JSON Pointer from `/input` or `/output` on. breaking: callers of the older signature
    may fail."""

    path: str
    message: str
    breaking: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A schema with the definitions that its references lead to."""

    schema: Any
    definitions: dict[str, Any]

    @classmethod
    def of(cls, document: Schema) -> Document:
        return cls(document, document.get("$defs", {}))

    def below(self, schema: Any) -> Document:
        return Document(schema, self.definitions)

    def resolved(self) -> Document:
        schema = self.schema
        for _ in range(32):
            if not isinstance(schema, dict) or "$ref" not in schema:
                return self.below(schema)
            name = str(schema["$ref"]).removeprefix("#/$defs/")
            name = name.replace("~1", "/").replace("~0", "~")
            schema = self.definitions.get(name, {"not": {}})
        return self.below({"not": {}})


Found = Iterator[tuple[str, str]]


def misfits(narrow: Document, wide: Document, *, any_fits: bool = False) -> Found:
    """Paths of `narrow`, and why a value of it may not fit `wide`. any_fits: what has no type fits
    everything: nobody knows before it comes."""
    yield from _misfits(narrow, wide, "", any_fits, frozenset())


def _misfits(
    narrow: Document, wide: Document, path: str, any_fits: bool, seen: frozenset[tuple[int, int]]
) -> Found:
    narrow, wide = narrow.resolved(), wide.resolved()
    pair = (id(narrow.schema), id(wide.schema))
    if pair in seen or wide.schema is True or narrow.schema is False:
        return
    seen |= {pair}
    if wide.schema is False:
        yield path, "is not taken"
        return
    if not isinstance(narrow.schema, dict) or not isinstance(wide.schema, dict):
        narrow = narrow.below({}) if narrow.schema is True else narrow
        if not isinstance(narrow.schema, dict) or not isinstance(wide.schema, dict):
            yield path, "has a schema that is not understood"
            return
    if not wide.schema.keys() - _NOTES:
        return
    if not narrow.schema.keys() - _NOTES:
        if not any_fits:
            yield path, f"may be anything, not only {_described(wide.schema)}"
        return
    if (wide.schema.keys() | narrow.schema.keys()) - _KNOWN:
        if _bare(wide.schema) != _bare(narrow.schema):
            yield path, "has a schema that is not understood"
        return
    for rule in wide.schema.get(RULES, ()):
        if rule not in narrow.schema.get(RULES, ()):
            yield path, f"is not held to: {rule}"
    choices = _choices(narrow, _NOTES)
    if choices is not None:
        for choice in choices:
            yield from _misfits(narrow.below(choice), wide, path, any_fits, seen)
        return
    wider = _choices(wide, _NOTES | {RULES})
    if wider is not None:
        yield from _misfits_of_choices(narrow, wide, wider, path, any_fits, seen)
        return
    yield from _misfits_of_one(narrow, wide, path, any_fits, seen)


def _choices(document: Document, without: frozenset[str]) -> list[Any] | None:
    """Of one of several, each with what stands beside them."""
    schema = document.schema
    word = "anyOf" if "anyOf" in schema else "oneOf"
    if word not in schema:
        return None
    beside = {name: one for name, one in schema.items() if name not in without | {word}}
    if not beside:
        return list(schema[word])
    found = [document.below(choice).resolved().schema for choice in schema[word]]
    return [{**beside, **one} if isinstance(one, dict) else one for one in found]


def _misfits_of_choices(
    narrow: Document,
    wide: Document,
    choices: list[Any],
    path: str,
    any_fits: bool,
    seen: frozenset[tuple[int, int]],
) -> Found:
    values = _values(narrow.schema)
    if values is not None:
        for value in values:
            one = narrow.below({"const": value})
            if not any(_fits(one, wide.below(choice), any_fits, seen) for choice in choices):
                yield path, f"may be {value!r}, which is not taken"
        return
    if not any(_fits(narrow, wide.below(choice), any_fits, seen) for choice in choices):
        yield path, f"is {_described(narrow.schema)}, which is none of what is taken"


def _fits(
    narrow: Document, wide: Document, any_fits: bool, seen: frozenset[tuple[int, int]]
) -> bool:
    return next(_misfits(narrow, wide, "", any_fits, seen), None) is None


def _misfits_of_one(
    narrow: Document, wide: Document, path: str, any_fits: bool, seen: frozenset[tuple[int, int]]
) -> Found:
    one, other = narrow.schema, wide.schema
    values, taken = _values(one), _values(other)
    if taken is not None and values is None:
        yield path, f"may be any {one.get('type', 'value')}, not only {taken}"
        return
    for value in values or ():
        if not _takes(other, value):
            yield path, f"may be {value!r}, which is not taken"
    if taken is not None:
        return
    kind = one.get("type") or _type_of(values)
    wanted = other.get("type")
    kinds, wanteds = _as_set(kind), _as_set(wanted)
    if wanteds and not all(
        each in wanteds or (each == "integer" and "number" in wanteds) for each in kinds
    ):
        yield path, f"is {_described(one)}, not {_described(other)}"
        return
    if wanteds and not kinds:
        yield path, f"may be anything, not only {_described(other)}"
        return
    if values is None:
        yield from _beyond(one, other, kinds, path)
    for key in _SAME:
        if key not in other or one.get(key) == other[key] or other[key] in _ANY_TEXT:
            continue
        if key != "pattern" or values is None:
            yield path, f"is not of {key} {other[key]!r}"
    if "contentEncoding" in one and "contentEncoding" not in other and "string" in wanteds:
        yield path, "is bytes, not a string"
    is_unique = one.get("uniqueItems") or one.get("maxItems", _INFINITE) <= 1
    if other.get("uniqueItems") and not is_unique:
        yield path, "may hold something twice"
    if "array" in kinds:
        yield from _misfits_of_arrays(narrow, wide, path, any_fits, seen)
    if "object" in kinds:
        yield from _misfits_of_objects(narrow, wide, path, any_fits, seen)


def _beyond(one: Schema, other: Schema, kinds: frozenset[str], path: str) -> Found:
    """Numbers and sizes that are not within bounds."""
    if kinds & _NUMBER:
        is_integer = "number" not in kinds
        if _least(one, is_integer) < _least(other, is_integer):
            yield path, f"may be less than {other.get('minimum', other.get('exclusiveMinimum'))}"
        if _most(one, is_integer) > _most(other, is_integer):
            yield path, f"may be more than {other.get('maximum', other.get('exclusiveMaximum'))}"
        step = other.get("multipleOf")
        if step is not None and not _is_multiple(one.get("multipleOf", 0), step):
            yield path, f"may be no multiple of {step}"
    for kind, word in _SIZES.items():
        if kind in kinds and one.get(f"min{word}", 0) < other.get(f"min{word}", 0):
            yield path, f"may be less than min{word} {other[f'min{word}']}"
        most = other.get(f"max{word}", _INFINITE)
        if kind in kinds and one.get(f"max{word}", _INFINITE) > most:
            yield path, f"may be more than max{word} {most}"


def _least(schema: Schema, is_integer: bool) -> tuple[float, bool]:
    """The bound, and whether it is beyond it."""
    at = (schema.get("minimum", -_INFINITE), False)
    beyond = schema.get("exclusiveMinimum", -_INFINITE)
    beside = (
        (math.floor(beyond) + 1, False) if is_integer and beyond > -_INFINITE else (beyond, True)
    )
    return max(at, beside)


def _most(schema: Schema, is_integer: bool) -> tuple[float, bool]:
    """As `_least`: what is within it comes before the bound itself."""
    at = (schema.get("maximum", _INFINITE), True)
    beyond = schema.get("exclusiveMaximum", _INFINITE)
    beside = (math.ceil(beyond) - 1, True) if is_integer and beyond < _INFINITE else (beyond, False)
    return min(at, beside)


def _is_multiple(value: Any, step: Any) -> bool:
    """0: nothing is known."""
    return bool(value) and (value % step == 0 or math.isclose(value / step, round(value / step)))


def _takes(schema: Schema, value: Any) -> bool:
    """Whether a value that is one thing fits, as far as numbers, sizes and choices go."""
    taken = _values(schema)
    if taken is not None and not any(type(value) is type(one) and value == one for one in taken):
        return False
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high, step = _least(schema, False), _most(schema, False), schema.get("multipleOf")
        if (value, False) < low or (value, True) > high:
            return False
        return step is None or not value or _is_multiple(value, step)
    if isinstance(value, str):
        size, pattern = len(value), schema.get("pattern")
        is_found = pattern is None or re.search(pattern, value) is not None
        return is_found and schema.get("minLength", 0) <= size <= schema.get("maxLength", _INFINITE)
    return True


def _misfits_of_arrays(
    narrow: Document, wide: Document, path: str, any_fits: bool, seen: frozenset[tuple[int, int]]
) -> Found:
    one, other = narrow.schema, wide.schema
    places = max(len(one.get("prefixItems", ())), len(other.get("prefixItems", ())))
    for place in range(places):
        yield from _misfits(
            narrow.below(_place(one, place)),
            wide.below(_place(other, place)),
            f"{path}/{place}",
            any_fits,
            seen,
        )
    if one.get("maxItems", _INFINITE) <= places:
        return
    yield from _misfits(
        narrow.below(one.get("items", True)),
        wide.below(other.get("items", True)),
        f"{path}/*",
        any_fits,
        seen,
    )


def _place(schema: Schema, place: int) -> Any:
    prefix = schema.get("prefixItems", ())
    return prefix[place] if place < len(prefix) else schema.get("items", True)


def _misfits_of_objects(
    narrow: Document, wide: Document, path: str, any_fits: bool, seen: frozenset[tuple[int, int]]
) -> Found:
    one, other = narrow.schema, wide.schema
    had, taken = one.get("properties", {}), other.get("properties", {})
    rest_had, rest = one.get("additionalProperties", True), other.get("additionalProperties", True)
    names = wide.below(other.get("propertyNames", True))
    for name in had if names.schema is not True else ():
        for _, message in _misfits(narrow.below({"const": name}), names, "", any_fits, seen):
            yield f"{path}/{name}", f"its name {message}"
    if names.schema is not True and rest_had is not False:
        own = narrow.below(one.get("propertyNames", {})).resolved().schema
        if isinstance(own, dict):
            own = {"type": "string", **own}
        for _, message in _misfits(narrow.below(own), names, "", any_fits, seen):
            yield f"{path}/*", f"a name {message}"
    for name in other.get("required", ()):
        if name not in one.get("required", ()):
            yield f"{path}/{name}", "may be missing" if name in had else "is missing"
    for name, schema in had.items():
        yield from _misfits(
            narrow.below(schema),
            wide.below(taken.get(name, rest)),
            f"{path}/{name}",
            any_fits,
            seen,
        )
    if rest_had is not False:
        # What an object may have beside its properties because nobody says that it may not (as
        # those of pydantic) is no promise: a name that is known from now on is new.
        for name in taken.keys() - had.keys() if "additionalProperties" in one else ():
            yield from _misfits(
                narrow.below(rest_had), wide.below(taken[name]), f"{path}/{name}", any_fits, seen
            )
        yield from _misfits(narrow.below(rest_had), wide.below(rest), f"{path}/*", any_fits, seen)


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else None


def _type_of(values: list[Any] | None) -> Any:
    return None if values is None else sorted({_TYPES.get(type(value), "?") for value in values})


def _as_set(kind: Any) -> frozenset[str]:
    if kind is None:
        return frozenset()
    return frozenset((kind,) if isinstance(kind, str) else kind)


def _bare(schema: Schema) -> Schema:
    return {name: one for name, one in schema.items() if name not in _NOTES - {"$ref"}}


def _described(schema: Schema) -> str:
    values = _values(schema)
    if values is not None:
        return f"one of {values}"
    if schema.get("contentEncoding"):
        return "bytes"
    kind = schema.get("format") or schema.get("type")
    return str(kind) if kind else "one of several types"


def compare(older: Schema, newer: Schema) -> list[Change]:
    """Changes of a signature: those that break callers of the older first."""
    taken = (Document.of(older["input"]), Document.of(newer["input"]))
    given = (Document.of(older["output"]), Document.of(newer["output"]))
    changes = [
        *(Change(f"/input{path}", _input(message), True) for path, message in misfits(*taken)),
        *(
            Change(f"/output{path}", message, True)
            for path, message in misfits(_open(given[1]), _open(given[0]))
        ),
    ]
    was, now = older["positional"], newer["positional"]
    if now[: len(was)] != was:
        changes.append(Change("/positional", f"was {was}, is {now}", True))
    hosts = sorted(set(newer.get("hosts", ())) - set(older.get("hosts", ())))
    changes += [Change("/hosts", f"`{name}` of the host is needed now", True) for name in hosts]
    changes += [
        Change(f"/input{path}", f"is new: {message}", False)
        for path, message in misfits(*reversed(taken))
    ]
    changes += [
        Change(f"/output{path}", message, False)
        for path, message in misfits(_open(given[0]), _open(given[1]))
        if Change(f"/output{path}", message, True) not in changes
    ]
    return changes


def _input(message: str) -> str:
    return f"(what older callers give) {message}"


def _open(document: Document) -> Document:
    """Of results: whoever reads them leaves aside what he does not know."""
    return Document(
        _opened(document.schema),
        {name: _opened(schema) for name, schema in document.definitions.items()},
    )


def _opened(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_opened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _opened(one) for name, one in schema.items() if name != "$defs"}
    if made.get("additionalProperties") is False and "properties" in made:
        made["additionalProperties"] = True
    return made
