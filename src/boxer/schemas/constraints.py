"""What `Annotated` says of a type: bounds, lengths, patterns, texts.

Belongs here: marks by their attributes, as annotated_types and pydantic have them. Does not: marks
that change a value, which pydantic itself reads (`models`).

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Callable
from typing import Any

from boxer.schemas.invalid import InvalidError, shown
from boxer.schemas.scalars import Codec, Schema

# Attributes of constraints, and their keywords.
_NUMBERS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
# A keyword of ours: texts, what JSON Schema has no keyword for.
RULES = "x-boxer-rules"
_SIZES = {"array": "Items", "object": "Properties", "string": "Length"}
_CHECKS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "gt": (lambda value, bound: value > bound, "must be more than {}"),
    "ge": (lambda value, bound: value >= bound, "must be at least {}"),
    "lt": (lambda value, bound: value < bound, "must be less than {}"),
    "le": (lambda value, bound: value <= bound, "must be at most {}"),
    "multiple_of": (lambda value, step: _is_multiple(value, step), "must be a multiple of {}"),
    "min_length": (lambda value, least: len(value) >= least, "must have a length of at least {}"),
    "max_length": (lambda value, most: len(value) <= most, "must have a length of at most {}"),
    "pattern": (lambda value, rule: re.search(rule, value) is not None, "must match {}"),
}
# Of pydantic's StringConstraints, which change the value.
_CHANGES = ("strip_whitespace", "to_upper", "to_lower")


def is_pydantics(metadata: tuple[Any, ...]) -> bool:
    """Whether a mark is one that only pydantic can act on: a validator, a serializer."""
    return any(
        hasattr(mark, "__get_pydantic_core_schema__")
        or any(getattr(mark, change, None) for change in _CHANGES)
        for mark in metadata
    )


def constrained(codec: Codec, metadata: tuple[Any, ...], hint: Any) -> Codec:
    schema, checks = dict(codec.schema), []
    for mark in _flat(metadata):
        if isinstance(mark, str):
            schema["description"] = mark
            continue
        for text in ("title", "description", "documentation"):
            told = getattr(mark, text, None)
            if isinstance(told, str) and not isinstance(mark, type):
                schema["title" if text == "title" else "description"] = told
        for name, (holds, message) in _CHECKS.items():
            bound = getattr(mark, name, None)
            if bound is None or isinstance(mark, type):
                continue
            checks.append((holds, bound, message.format(bound)))
            _state(schema, name, bound, message.format(bound))
        if type(mark).__name__ == "Predicate":
            checks.append((lambda value, holds: bool(holds(value)), mark.func, "is not allowed"))
            name = getattr(mark.func, "__qualname__", type(mark.func).__name__)
            schema[RULES] = [*schema.get(RULES, ()), f"must satisfy {name}"]
    if not checks:
        return Codec(schema, codec.load, codec.dump, codec.exact)

    def check(value: Any) -> Any:
        for holds, bound, message in checks:
            try:
                is_right = value is None or holds(value, bound)
            except TypeError:  # a text where there may be one, a time with a zone and one without
                message = f"cannot be compared with {shown(bound)}"
                is_right = False
            if not is_right:
                raise InvalidError(f"{message}, is {shown(value)}")
        return value

    load, dump = codec.load, codec.dump

    def write(value: Any) -> Any:
        made = dump(value) if dump else value
        check(value)
        return made

    return Codec(schema, lambda value: check(load(value)), write)


def _is_multiple(value: Any, step: Any) -> bool:
    """Decimal fractions are none of a float's: 0.3 is a multiple of 0.1."""
    if isinstance(value, float) or isinstance(step, float):
        count = value / step
        return math.isclose(count, round(count), rel_tol=1e-9, abs_tol=0.0)
    return bool(value % step == 0)


def _state(schema: Schema, name: str, bound: Any, message: str) -> None:
    """Of several marks for one keyword, each holds: the schema tells the narrowest. What it has no
    keyword for stands among its rules."""
    is_said = False
    if name in _NUMBERS and isinstance(bound, (int, float, decimal.Decimal)):
        is_said = _state_number(schema, name, bound)
    elif name == "pattern" and schema.get("type") == "string":
        is_said = "pattern" not in schema
        schema.setdefault("pattern", getattr(bound, "pattern", bound))
    elif name.endswith("_length") and schema.get("contentEncoding") is None:
        kind = str(schema.get("type"))
        is_said = kind in _SIZES
        if is_said:
            word, narrower = name[:3] + _SIZES[kind], max if name == "min_length" else min
            schema[word] = narrower(bound, schema.get(word, bound))
    if not is_said:
        schema[RULES] = [*schema.get(RULES, ()), message]


def _state_number(schema: Schema, name: str, bound: Any) -> bool:
    word, told = _NUMBERS[name], int(bound) if bound == int(bound) else float(bound)
    if word in schema and name == "multiple_of":
        return False
    if word in schema:
        told = max(told, schema[word]) if name in ("gt", "ge") else min(told, schema[word])
    schema[word] = told
    kinds = {one.get("type") for one in schema.get("anyOf", [schema])}
    return kinds <= {"integer", "number", "null"}


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    """pydantic's Field holds its constraints in `metadata`."""
    found: list[Any] = []
    for mark in metadata:
        found.append(mark)
        inner = getattr(mark, "metadata", None)
        if isinstance(inner, (list, tuple)):
            found.extend(inner)
    return found
