"""Kinds of types beyond the plain ones, each both ways; types and values made up by hypothesis."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import decimal
import enum
import functools
import ipaddress
import pathlib
import typing
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Generic, Literal, LiteralString, NamedTuple, TypedDict, TypeVar

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.schemas import BadTypeError, InvalidError, Types, signature_of

T = TypeVar("T")


class Small(enum.IntEnum):
    ONE = 1
    TWO = 2


class Right(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 8


class Bits(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    number: int
    text: str = "x"


@dataclasses.dataclass
class Base:
    number: int


@dataclasses.dataclass
class Wider(Base):
    size: float = 1.0


@dataclasses.dataclass
class Sum:
    first: int
    second: dataclasses.InitVar[int] = 3
    whole: int = dataclasses.field(init=False)
    kind: typing.ClassVar[str] = "sum"

    def __post_init__(self, second: int) -> None:
        self.whole = self.first + second


class Pair(NamedTuple, Generic[T]):
    one: T
    other: int = 0


class Cat(TypedDict):
    kind: Literal["cat"]
    lives: int


class Dog(TypedDict):
    kind: Literal["dog"]
    bark: bool


@dataclasses.dataclass(frozen=True)
class AtMost:
    le: int


@dataclasses.dataclass(frozen=True)
class Predicate:
    """As annotated_types has it."""

    func: Callable[[Any], bool]


def both_ways(hint: Any, data: Any) -> Any:
    """The value of the data, whose plain form is data that gives it again."""
    read, written = Types().codec(hint), Types(output=True).codec(hint)
    value = read.load(data)
    told = written.dump(value) if written.dump else value
    assert read.load(told) == value
    return value


@pytest.mark.parametrize(
    ("hint", "data", "value"),
    [
        (dict[Small, int], {"1": 2}, {Small.ONE: 2}),
        (dict[Annotated[int, AtMost(5)], int], {"-1": 2}, {-1: 2}),
        (dict[Literal[1, 2], int], {"1": 2}, {1: 2}),
        (dict[uuid.UUID, int], {str(uuid.UUID(int=1)): 2}, {uuid.UUID(int=1): 2}),
        (dict[datetime.date, int], {"2024-01-31": 2}, {datetime.date(2024, 1, 31): 2}),
        (Right, 9, Right.READ | Right.RUN),
        (Bits, 3, Bits.A | Bits.B),
        (list[Right], [0, 1], [Right(0), Right.READ]),
        (Frozen, {"number": 1}, Frozen(number=1)),
        (set[Frozen], [{"number": 1}], {Frozen(number=1)}),
        (Base | Wider, {"number": 1, "size": 2}, Wider(1, 2.0)),
        (Pair[str], ["a"], Pair("a")),
        (Cat | Dog, {"kind": "dog", "bark": True}, {"kind": "dog", "bark": True}),
        (pathlib.Path, "/a/b", pathlib.Path("/a/b")),
        (pathlib.PurePosixPath, "a", pathlib.PurePosixPath("a")),
        (ipaddress.IPv4Address, "10.0.0.1", ipaddress.IPv4Address("10.0.0.1")),
        (ipaddress.IPv6Network, "::/64", ipaddress.IPv6Network("::/64")),
        (LiteralString, "x", "x"),
        (collections.Counter[str], {"a": 1}, collections.Counter(a=1)),
        (Annotated[int, Predicate(lambda value: value % 2 == 0)], 4, 4),
    ],
)
def test_a_value_of_each_kind_comes_back(hint: Any, data: Any, value: Any) -> None:
    assert both_ways(hint, data) == value


@pytest.mark.parametrize(
    ("hint", "data", "message"),
    [
        (dict[Small, int], {"3": 1}, "/3: must be one of 1, 2"),
        (dict[int, int], {" 1": 1}, "the name must be an integer"),
        (dict[int, int], {"1_0": 1}, "the name must be an integer"),
        (dict[Annotated[int, AtMost(5)], int], {"6": 1}, "/6: must be at most 5"),
        (Right, 4, "must have bits of 11"),
        (Right, -1, "must have bits of 11"),
        (Right, True, "must be an integer"),
        (decimal.Decimal, "NaN", "must be a finite number"),
        (decimal.Decimal, "-Infinity", "must be a finite number"),
        (ipaddress.IPv4Address, "10.0.0.999", "is not a IPv4Address"),
        (Annotated[int, Predicate(lambda value: value % 2 == 0)], 3, "is not allowed, is 3"),
        (Sum, {"first": 1, "whole": 2}, "/whole: is not a field of it"),
    ],
)
def test_what_does_not_fit_a_kind_is_told(hint: Any, data: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Types().codec(hint).load(data)


@pytest.mark.parametrize(
    "hint",
    [
        dict[Frozen, int], dict[bool, int], dict[tuple[int, int], int], dict[float, int],
        set[list[int]], set[Base], set[Cat], frozenset[dict[str, int]], set[tuple[list[int]]],
        Iterator[int], AsyncIterator[int], Callable[[int], int], complex, type[int],
    ],
)  # fmt: skip
def test_what_has_no_json_form_is_refused_by_its_hint(hint: Any) -> None:
    with pytest.raises(BadTypeError):
        Types().codec(hint)


def test_a_dataclass_takes_what_its_init_takes_and_gives_its_fields() -> None:
    assert Types().codec(Sum).load({"first": 1, "second": 5}) == Sum(1, 5)
    written = Types(output=True).codec(Sum)
    assert written.dump is not None
    assert written.dump(Sum(1, 5)) == {"first": 1, "whole": 6}


def test_a_value_of_a_union_is_written_as_what_it_is() -> None:
    written = Types(output=True).codec(Base | Wider)
    assert written.dump is not None
    assert written.dump(Wider(1, 2.0)) == {"number": 1, "size": 2.0}


def test_each_bound_of_several_holds() -> None:
    hint = Annotated[Annotated[int, AtMost(5)], AtMost(9)]
    codec = Types().codec(hint)
    assert codec.schema["maximum"] == 5
    with pytest.raises(InvalidError):
        codec.load(7)


class Counter:
    def __init__(self, start: int) -> None:
        self.start = start

    def add(self, number: int) -> int:
        return self.start + number

    @classmethod
    def zero(cls, number: int) -> int:
        return number

    def __call__(self, number: int) -> int:
        return number


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


@_wrapped
def decorated(number: int) -> int:
    return number


def two(number: int, other: int) -> int:
    return number + other


def test_whatever_can_be_called_has_a_signature() -> None:
    partial = functools.partial(two, other=1)
    for function in (Counter(1).add, Counter.zero, Counter(1), decorated, partial, Base):
        properties = signature_of(function).document["input"]["properties"]
        assert properties["number"] == {"type": "integer"}, function
    made = signature_of(Base).document
    assert made["output"]["$ref"] == "#/$defs/Base"


def test_what_is_no_function_of_plain_data_is_refused() -> None:
    def pieces() -> Any:
        yield 1

    async def more() -> Any:
        yield 1

    for function in (pieces, more):
        with pytest.raises(BadTypeError, match="generator"):
            signature_of(function)
    with pytest.raises(BadTypeError, match="method of a class"):
        signature_of(Counter.add)
    with pytest.raises(BadTypeError, match="no JSON form"):
        signature_of(Counter)


# --- types made up ---

_LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (str, st.text()),
    (bool, st.booleans()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (bytes, st.binary()),
    (datetime.datetime, st.datetimes(timezones=st.just(datetime.UTC))),
    (datetime.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (decimal.Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (Small, st.sampled_from(Small)),
    (Right, st.integers(0, 3).map(Right)),
    (Frozen, st.builds(Frozen, number=st.integers(), text=st.text())),
    (Literal["a", 1], st.sampled_from(["a", 1])),
]


_LIST: Any = list
_DICT: Any = dict
_TUPLE: Any = tuple
_OPTIONAL: Any = typing.Optional


def _bigger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A hint, and a strategy of its values."""
    names = {str: st.text(), int: st.integers()}
    return st.one_of(
        inner.map(lambda one: (_LIST[one[0]], st.lists(one[1], max_size=3))),
        st.tuples(st.sampled_from([str, int]), inner).map(
            lambda both: (
                _DICT[both[0], both[1][0]],
                st.dictionaries(names[both[0]], both[1][1], max_size=3),
            )
        ),
        st.tuples(inner, inner).map(
            lambda both: (_TUPLE[both[0][0], both[1][0]], st.tuples(both[0][1], both[1][1]))
        ),
        inner.map(lambda one: (_OPTIONAL[one[0]], st.one_of(st.none(), one[1]))),
    )


_TYPES = st.recursive(st.sampled_from(_LEAVES), _bigger, max_leaves=5)


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return ""  # base64 of nothing: a string, as the schema has it
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    return value


@settings(deadline=None, max_examples=200)
@given(st.data(), _TYPES)
def test_values_of_whatever_type_come_back_and_fit_its_schema(data: Any, made: Any) -> None:
    hint, values = made
    value = data.draw(values)
    types = Types(output=True)
    written, read = types.codec(hint), Types().codec(hint)
    told = written.dump(value) if written.dump else value
    assert read.load(told) == value
    schema = {**written.schema, "$defs": types.definitions}
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_as_json(told), schema, jsonschema.Draft202012Validator)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(_ANYTHING, _TYPES)
def test_whatever_a_type_is_given_it_takes_or_refuses(value: Any, made: Any) -> None:
    with contextlib.suppress(InvalidError):
        Types().codec(made[0]).load(value)
