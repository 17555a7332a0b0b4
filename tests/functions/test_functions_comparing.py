"""Which changes of a signature break callers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import pytest

from boxer.functions import compare, mcp_tool, openapi, python_stub, typescript_stub
from boxer.schemas import signature_of


@dataclasses.dataclass
class Small:
    a: int


@dataclasses.dataclass
class Large:
    a: int
    b: str = ""


def base(x: int, y: str = "") -> Small: ...  # type: ignore[empty-body]
def wider(x: int | None, y: str = "") -> Small: ...  # type: ignore[empty-body]
def more(x: int, y: str = "", z: int = 0) -> Small: ...  # type: ignore[empty-body]
def larger(x: int, y: str = "") -> Large: ...  # type: ignore[empty-body]
def required(x: int, y: str) -> Small: ...  # type: ignore[empty-body]
def fewer(x: int) -> Small: ...  # type: ignore[empty-body]
def other(x: str, y: str = "") -> Small: ...  # type: ignore[empty-body]
def swapped(y: str = "", x: int = 0) -> Small: ...  # type: ignore[empty-body]
def optional(x: int, y: str = "") -> Small | None: ...
def literal(x: int, y: Literal["", "a"] = "") -> Small: ...  # type: ignore[empty-body]
def number(x: float, y: str = "") -> Small: ...  # type: ignore[empty-body]
def as_bytes(x: int, y: bytes = b"") -> Small: ...  # type: ignore[empty-body]
def anything(x: Any, y: Any = "") -> Small: ...  # type: ignore[empty-body]
def untyped(x: int, y: str = "") -> Any: ...
def listed(x: list[Small]) -> list[Large]: ...  # type: ignore[empty-body]


def signature(function: Callable[..., Any]) -> dict[str, Any]:
    return signature_of(function).document


@pytest.mark.parametrize("newer", [base, wider, more, larger, number, anything])
def test_older_callers_go_on(newer: Callable[..., Any]) -> None:
    changes = compare(signature(base), signature(newer))
    assert not [change for change in changes if change.breaking]
    assert bool(changes) == (newer is not base)


@pytest.mark.parametrize(
    ("newer", "path"),
    [
        (required, "/input/y"), (fewer, "/input/y"), (other, "/input/x"),
        (swapped, "/positional"), (optional, "/output"), (literal, "/input/y"),
        (as_bytes, "/input/y"), (untyped, "/output"),
    ],
)  # fmt: skip
def test_older_callers_break(newer: Callable[..., Any], path: str) -> None:
    changes = compare(signature(base), signature(newer))
    assert path in [change.path for change in changes if change.breaking]


def test_a_signature_is_an_openapi_document_and_a_tool() -> None:
    document = openapi({"listed": signature(listed), "base": signature(base)})
    assert document["openapi"] == "3.1.0"
    taken = document["paths"]["/listed"]["post"]["requestBody"]["content"]["application/json"]
    assert taken["schema"]["properties"]["x"]["items"]["$ref"] in {
        f"#/components/schemas/{name}" for name in document["components"]["schemas"]
    }
    tool = mcp_tool("base:1.0", signature(base))
    assert tool["name"] == "base_1_0"
    assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"


def test_stubs_are_sources() -> None:
    source = python_stub("listed:1", signature(listed))
    compile(source, "stub", "exec")
    assert "def listed(x: list[Small]) -> list[Large]" in source
    assert "x: Array<Small>;" in typescript_stub("listed:1", signature(listed))
