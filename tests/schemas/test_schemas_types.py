"""Types as JSON Schema: each kind of type both ways, and what does not fit."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import typing
import uuid
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.schemas import BadTypeError, InvalidError, Types, plain, signature_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Node:
    """A tree."""

    name: str
    children: list[Node] = dataclasses.field(default_factory=list)
    size: int | None = None


@dataclasses.dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("must not be negative")


class Options(TypedDict):
    quality: int
    mode: NotRequired[Literal["fast", "small"]]


class Point(NamedTuple):
    x: int
    y: float = 0.0


T = TypeVar("T")


@dataclasses.dataclass
class Page(typing.Generic[T]):
    items: list[T]


UserId = typing.NewType("UserId", int)
AT = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.UTC)

BOTH_WAYS: list[tuple[Any, Any, Any]] = [
    (None, None, None),
    (bool, True, True),
    (int, 3, 3),
    (int, -(10**30), -(10**30)),
    (float, 1.5, 1.5),
    (str, "é\0", "é\0"),
    (bytes, b"\xff\0", b"\xff\0"),
    (bytearray, bytearray(b"a"), b"a"),
    (datetime.datetime, AT, "2024-05-06T07:08:09.123456+00:00"),
    (datetime.date, datetime.date(2024, 5, 6), "2024-05-06"),
    (datetime.time, datetime.time(7, 8), "07:08:00"),
    (datetime.timedelta, datetime.timedelta(days=2, seconds=3, microseconds=40), "P2DT3.00004S"),
    (datetime.timedelta, -datetime.timedelta(seconds=90), "-PT90S"),
    (datetime.timedelta, datetime.timedelta(), "PT0S"),
    (uuid.UUID, uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (decimal.Decimal, decimal.Decimal("1.10"), "1.10"),
    (Colour, Colour.RED, "red"),
    (Level, Level.HIGH, 2),
    (Literal["a", 1, True, None], 1, 1),
    (int | None, None, None),
    (int | str, "3", "3"),
    (bytes | str, b"x", b"x"),
    (list[int], [1, 2], [1, 2]),
    (tuple[int, ...], (1, 2), [1, 2]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (tuple[()], (), []),
    (set[int], {2, 1}, [1, 2]),
    (frozenset[str], frozenset({"b", "a"}), ["a", "b"]),
    (dict[str, list[bytes]], {"a": [b"x"]}, {"a": [b"x"]}),
    (dict[int, str], {1: "a"}, {"1": "a"}),
    (dict[uuid.UUID, int], {uuid.UUID(int=1): 1}, {str(uuid.UUID(int=1)): 1}),
    (dict[Colour, int], {Colour.RED: 1}, {"red": 1}),
    (collections.deque[int], collections.deque([1]), [1]),
    (Node, Node("a", [Node("b", [], 3)]), None),
    (Options, {"quality": 3, "mode": "fast"}, {"quality": 3, "mode": "fast"}),
    (Options, {"quality": 3}, {"quality": 3}),
    (Point, Point(1, 2.0), [1, 2.0]),
    (Page[int], Page([1]), {"items": [1]}),
    (UserId, UserId(3), 3),
    (Annotated[int, "of the page"], 3, 3),
    (Any, {"a": [1, b"x", None]}, {"a": [1, b"x", None]}),
]


def _names(rows: list[Any]) -> list[str]:
    """Of hints alone: a set's text has no order."""
    return [f"{number}-{row[0]}"[:60] for number, row in enumerate(rows)]


@pytest.mark.parametrize(("hint", "value", "told"), BOTH_WAYS, ids=_names(BOTH_WAYS))
def test_a_value_of_each_type_comes_back_from_its_plain_form(
    hint: Any, value: Any, told: Any
) -> None:
    codec = Types().codec(hint)
    written = codec.dump(value) if codec.dump else value
    if told is not None:
        assert written == told
        assert type(written) is type(told)
    read = codec.load(written)
    assert read == value
    assert type(read) is type(value)


WRONG: list[tuple[Any, Any, str]] = [
    (int, True, ""),
    (int, 1.5, ""),
    (int, "1", ""),
    (float, float("nan"), ""),
    (float, "1", ""),
    (str, 1, ""),
    (bool, 1, ""),
    (bytes, "no base64!", ""),
    (bytes, 3, ""),
    (datetime.datetime, "2024-05-06", ""),
    (datetime.datetime, "yesterday", ""),
    (datetime.date, "2024-13-01", ""),
    (datetime.timedelta, "P", ""),
    (datetime.timedelta, "P1M", ""),
    (datetime.timedelta, "PT", ""),
    (datetime.timedelta, "P99999999999D", ""),
    (uuid.UUID, "7", ""),
    (decimal.Decimal, "x", ""),
    (decimal.Decimal, float("inf"), ""),
    (Colour, "green", ""),
    (Literal[1], True, ""),
    (Literal[1], 1.0, ""),
    (list[int], [1, "a", 2, "b"], "/1"),
    (list[int], {"0": 1}, ""),
    (tuple[int, str], [1], ""),
    (tuple[int, str], [1, 2], "/1"),
    (set[int], [1, 1], ""),
    (dict[str, int], {"a/b~": "x"}, "/a~1b~0"),
    (dict[int, str], {"a": "x"}, "/a"),
    (Node, {"name": "a", "children": [{"name": 1}]}, "/children/0/name"),
    (Node, {"name": "a", "colour": 1}, "/colour"),
    (Node, {}, "/name"),
    (Positive, {"number": -1}, ""),
    (Options, {"quality": 1, "mode": "slow"}, "/mode"),
    (Options, {"mode": "fast"}, "/quality"),
    (Point, [], ""),
    (Point, ["a"], "/0"),
    (int | None, "x", ""),
    (Node | None, {"name": 1}, "/name"),
    (Annotated[int, type("Ge", (), {"ge": 3})()], 2, ""),
]


@pytest.mark.parametrize(("hint", "told", "path"), WRONG, ids=_names(WRONG))
def test_what_does_not_fit_is_told_with_its_place(hint: Any, told: Any, path: str) -> None:
    with pytest.raises(InvalidError) as raised:
        Types().codec(hint).load(told)
    assert raised.value.told()[0][0] == path


def test_all_that_is_wrong_in_an_object_is_told_at_once() -> None:
    with pytest.raises(InvalidError) as raised:
        Types().codec(Node).load({"name": 1, "size": "x", "other": 2})
    assert {path for path, _ in raised.value.told()} == {"/name", "/size", "/other"}


def test_errors_of_a_huge_value_are_few() -> None:
    with pytest.raises(InvalidError) as raised:
        Types().codec(list[int]).load(["x"] * 100_000)
    assert len(raised.value.errors) == 50


@pytest.mark.parametrize("hint", [complex, object(), "Missing", type(pytest), dict[bytes, int]])
def test_a_type_without_a_json_form_is_refused_when_the_schema_is_made(hint: Any) -> None:
    with pytest.raises(BadTypeError):
        Types().codec(hint)


def test_the_field_of_a_refused_type_is_named() -> None:
    @dataclasses.dataclass
    class Holder:
        number: complex

    with pytest.raises(BadTypeError, match=r"Holder\.number"):
        Types().codec(Holder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(JSON)
def test_plain_data_is_itself(value: Any) -> None:
    if "inf" not in repr(value):
        assert plain(value) == value


@given(JSON, st.sampled_from([hint for hint, _, _ in BOTH_WAYS]))
def test_whatever_comes_is_a_value_or_an_error_of_ours(value: Any, hint: Any) -> None:
    codec = Types().codec(hint)
    try:
        read = codec.load(value)
    except InvalidError:
        return
    written = codec.dump(read) if codec.dump else read
    assert codec.load(written) == read or hint in (float, Any, Point, Page[int])


def test_schemas_are_of_the_dialect_they_name() -> None:
    validators = pytest.importorskip("jsonschema")
    for hint, value, _ in BOTH_WAYS:
        types = Types()
        codec = types.codec(hint)
        schema = {**codec.schema, "$defs": types.definitions}
        validators.Draft202012Validator.check_schema(schema)
        written = codec.dump(value) if codec.dump else value
        if "bytes" in str(type(written)) or "b'" in repr(written):
            continue
        validators.Draft202012Validator(schema).validate(written)


def test_a_signature_has_each_kind_of_parameter() -> None:
    def called(a: int, /, b: str = "x", *rest: float, c: bool, d: bytes | None = None) -> list[Any]:
        """Does it.

        More of it."""
        return [a, b, rest, c, d]

    signature = signature_of(called)
    assert signature.document["description"] == "Does it."
    assert signature.document["positional"] == ["a", "b"]
    assert signature.document["input"]["required"] == ["a", "c"]
    assert signature.document["input"]["properties"]["b"] == {"type": "string", "default": "x"}
    arguments = signature.load({"a": 1, "rest": [1, 2.5], "c": True})
    assert signature.invoke(arguments) == [1, "x", (1.0, 2.5), True, None]
    json.dumps(signature.document)


def test_names_beyond_those_of_a_function_are_taken_where_it_takes_them() -> None:
    def called(**more: int) -> int:
        return sum(more.values())

    signature = signature_of(called)
    assert signature.invoke(signature.load({"a": 1, "b": 2})) == 3
    with pytest.raises(InvalidError, match="/a"):
        signature.load({"a": "x"})
