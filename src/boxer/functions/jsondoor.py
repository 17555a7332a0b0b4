"""JSON in and out of calls: where there are no bytes, only base64 in strings (RFC 4648 section 4).

Belongs here: JSON text to arguments and results to JSON text, by the signature. Does not: whether
values fit it, which the box says.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

from boxer.errors import FunctionInputError
from boxer.functions.comparing import Document

DEEPEST = 400


def read_arguments(name: str, text: bytes, signature: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments by name. A value that is no object is the only parameter's. Raises
    `FunctionInputError`."""
    try:
        told = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise FunctionInputError(name, [("", "is nested too deeply")]) from None
    except ValueError as error:
        raise FunctionInputError(name, [("", f"is no JSON: {error}")]) from None
    return arguments_of(name, told, signature)


def arguments_of(name: str, told: Any, signature: dict[str, Any]) -> dict[str, Any]:
    """Of JSON that was read. Raises `FunctionInputError`."""
    schema = signature["input"]
    properties = schema.get("properties", {})
    if not isinstance(told, dict) or (
        len(properties) == 1 and not told.keys() & properties.keys() and told
        and schema.get("additionalProperties") is False
        and _is_object(Document.of(schema), next(iter(properties.values())))
    ):  # fmt: skip
        if len(properties) != 1:
            raise FunctionInputError(
                name, [("", f"must be an object with {', '.join(properties) or 'nothing'} in it")]
            )
        told = {next(iter(properties)): told}
    errors: list[tuple[str, str]] = []
    value = _decoded(Document.of(schema), told, "", errors, 0)
    if errors:
        raise FunctionInputError(name, errors)
    made: dict[str, Any] = value
    return made


def as_json(value: Any) -> Any:
    """A result with bytes as base64."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON's")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _is_object(document: Document, schema: Any) -> bool:
    resolved = document.below(schema).resolved().schema
    return isinstance(resolved, dict) and resolved.get("type") == "object"


def _decoded(
    document: Document, value: Any, path: str, errors: list[tuple[str, str]], depth: int
) -> Any:
    """The value with bytes where the schema says so."""
    if depth > DEEPEST:
        errors.append((path[:200], "is nested too deeply"))
        return None
    schema = document.resolved().schema
    if not isinstance(schema, dict):
        return value
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices is not None:
        schema = _chosen(document, choices, value)
    if isinstance(value, str):
        if schema.get("contentEncoding") == "base64":
            return _bytes(value, path, errors)
        return value
    if isinstance(value, list):
        prefix, items = schema.get("prefixItems", []), schema.get("items", True)
        return [
            _decoded(
                document.below(prefix[place] if place < len(prefix) else items), item,
                f"{path}/{place}", errors, depth + 1,
            )
            for place, item in enumerate(value)
        ]  # fmt: skip
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        return {
            name: _decoded(
                document.below(properties.get(name, rest)), item, f"{path}/{name}", errors,
                depth + 1,
            )
            for name, item in value.items()
        }  # fmt: skip
    return value


def _chosen(document: Document, choices: list[Any], value: Any) -> dict[str, Any]:
    """The choice that a value is of, as far as its shape tells."""
    candidates = []
    for choice in choices:
        schema = document.below(choice).resolved().schema
        if isinstance(schema, dict) and _has_shape(schema, value):
            candidates.append(schema)
    if isinstance(value, str):
        texts = [one for one in candidates if "contentEncoding" not in one]
        return (texts or candidates or [{}])[0]
    return (candidates or [{}])[0]


def _has_shape(schema: dict[str, Any], value: Any) -> bool:
    kind = schema.get("type")
    if isinstance(value, str):
        return kind == "string" or value in schema.get("enum", ())
    if isinstance(value, list):
        return kind == "array"
    if isinstance(value, dict):
        closed = schema.get("additionalProperties", True) is False
        properties = schema.get("properties", {})
        return (
            kind == "object"
            and all(name in value for name in schema.get("required", ()))
            and not (closed and value.keys() - properties.keys())
            and all(
                properties[name].get("const", item) == item
                for name, item in value.items()
                if isinstance(properties.get(name), dict)
            )
        )
    return False


def _bytes(text: str, path: str, errors: list[tuple[str, str]]) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        errors.append((path, f"is not base64: {error}"))
        return b""
