"""Two types: where nothing is said to break, whatever the older one takes the newer one takes."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import typing
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pydantic
import pytest
from annotated_types import Ge, Gt, Le, Len, Lt, MaxLen, MinLen, MultipleOf

from boxer.functions.comparing import Document, misfits
from boxer.schemas import InvalidError, Types


class Two(enum.Enum):
    A = "a"
    B = "b"


class Three(enum.Enum):
    A = "a"
    B = "b"
    C = "ccc"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class One(TypedDict):
    a: int


class OneMore(TypedDict):
    a: int
    b: NotRequired[str]


class Both(TypedDict):
    a: int
    b: str


class Maybe(TypedDict, total=False):
    a: int


@dataclasses.dataclass
class Record:
    a: int
    b: str = "x"


@dataclasses.dataclass
class Longer:
    a: int
    b: str = "x"
    c: Longer | None = None


class Model(pydantic.BaseModel):
    a: int


class LongerModel(pydantic.BaseModel):
    a: int
    b: str = "x"


class Closed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    a: int


class Tree(TypedDict):
    v: int
    n: Tree | None


class Bush(TypedDict):
    v: int
    n: Bush | str | None


HINTS: list[Any] = [
    int, float, str, bool, None, bytes, datetime.datetime, datetime.date, datetime.time,
    datetime.timedelta, uuid.UUID, decimal.Decimal, pathlib.Path, Two, Three, Level, Right, Rights,
    One, OneMore, Both, Maybe, Record, Longer, Model, LongerModel, Closed, Tree, Bush, Any,
    Literal["a"], Literal["a", "b"], Literal[1], Literal[1, "a"], Literal[True], int | str,
    int | None, str | None, int | str | None, list[int], list[str], list[int | str], list[Any],
    list[One], list[OneMore], list[Record], set[int], set[str], tuple[int, int], tuple[int, ...],
    tuple[int, str], tuple[()], Sequence[int], Mapping[str, int], dict[str, int], dict[int, int],
    dict[str, Any], dict[Two, int], dict[Three, int], dict[Level, int], dict[Literal["a"], int],
    dict[str, int | str], dict[datetime.date, int],
    Annotated[int, Ge(1)], Annotated[int, Gt(0)], Annotated[int, Gt(1)], Annotated[int, Le(5)],
    Annotated[int, Lt(5)], Annotated[int, MultipleOf(2)], Annotated[int, MultipleOf(4)],
    Annotated[int, MultipleOf(4), MultipleOf(6)], Annotated[float, Ge(1)],
    Annotated[float, Gt(0.5)],
    Annotated[int | None, Ge(1)], Annotated[str, MinLen(2)], Annotated[str, MaxLen(1)],
    Annotated[str, pydantic.Field(pattern="^a")], Annotated[bytes, MinLen(2)],
    Annotated[list[int], MinLen(1)], Annotated[list[int], MaxLen(1)],
    Annotated[dict[str, int], MinLen(1)], Annotated[set[int], MaxLen(1)],
    Annotated[tuple[int, ...], Len(2, 2)], Annotated[datetime.date, Ge(datetime.date(2020, 1, 1))],
]  # fmt: skip
VALUES: list[Any] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 12, -1, 0.6, 1.0, 1.5, True, False, None, "", "a", "b", "ccc", "ab",
    "2024-01-01", "2019-01-01", "2024-01-01T00:00:00", "12:00:00", "PT1S", str(uuid.UUID(int=3)),
    "1.5", "YWI=", "YQ==", b"", b"a", b"ab", [], [1], [1, 2], [1, "a"], ["a"], ["a", "b"], [1, 1],
    [1, 2, 3], [[1]], [{"a": 1}], [{"a": 1, "b": "x"}], {}, {"a": 1}, {"a": 1.5}, {"a": "x"},
    {"a": {"b": 1}}, {"a": 1, "b": "x"}, {"b": "x"}, {"a": 1, "b": "x", "c": None},
    {"a": 1, "c": {"a": 2}}, {"a": 1, "z": 1}, {"1": 1}, {"2": 1}, {"9": 1}, {"2024-01-01": 1},
    {"ccc": 1}, {"v": 1, "n": None}, {"v": 1, "n": {"v": 2, "n": None}}, {"v": 1, "n": "s"},
]  # fmt: skip


def _fits(codec: Any, value: Any) -> bool:
    try:
        codec.load(value)
    except InvalidError:
        return False
    return True


def _parts(hint: Any) -> tuple[Any, Document, list[Any]]:
    types = Types()
    codec = types.codec(hint)
    document = Document.of({**codec.schema, "$defs": types.definitions})
    return codec, document, [value for value in VALUES if _fits(codec, value)]


def test_what_is_not_said_to_break_does_not() -> None:
    parts = [(hint, *_parts(hint)) for hint in HINTS]
    wrong = [
        (older, newer, lost)
        for older, _, narrow, values in parts
        for newer, codec, wide, _ in parts
        if next(misfits(narrow, wide), None) is None
        and (lost := [value for value in values if not _fits(codec, value)])
    ]
    assert not wrong


@pytest.mark.parametrize("hint", HINTS, ids=[str(hint)[:60] for hint in HINTS])
def test_a_type_fits_itself(hint: Any) -> None:
    document = _parts(hint)[1]
    assert list(misfits(document, document)) == []


COMPATIBLE: list[tuple[Any, Any]] = [
    (Model, LongerModel), (Record, Longer), (One, OneMore), (One, Maybe), (Two, Three),
    (Right, Rights), (int, float), (int, int | None), (Literal["a"], Two), (Level, int),
    (Annotated[int, Gt(0)], Annotated[int, Ge(1)]), (Annotated[int, Ge(1)], Annotated[int, Gt(0)]),
    (Annotated[int, Lt(5)], Annotated[int, Le(5)]), (Annotated[int, Ge(1)], int),
    (Annotated[int, MultipleOf(4)], Annotated[int, MultipleOf(2)]), (Three, str),
    (Annotated[int, Ge(1)], Annotated[int | None, Ge(1)]), (Annotated[bytes, MinLen(2)], bytes),
    (tuple[int, int], list[int]), (set[int], list[int]), (dict[Level, int], dict[int, int]),
    (dict[int, int], dict[str, int]), (dict[Two, int], dict[Three, int]), (str, pathlib.Path),
    (Literal["a"], Annotated[str, pydantic.Field(pattern="^a")]), (Tree, Bush),
    (list[int], list[Any]),
]  # fmt: skip


@pytest.mark.parametrize(("older", "newer"), COMPATIBLE, ids=str)
def test_callers_of_the_older_go_on(older: Any, newer: Any) -> None:
    assert list(misfits(_parts(older)[1], _parts(newer)[1])) == []


@pytest.mark.parametrize(
    ("older", "newer", "message"),
    [
        (dict[str, int], dict[int, int], "name"), (One, dict[int, int], "its name"),
        (Annotated[int, Ge(1)], Annotated[int, Gt(1)], "less than 1"),
        (Annotated[int, MultipleOf(2)], Annotated[int, MultipleOf(4)], "multiple of 4"),
        (datetime.date, Annotated[datetime.date, Ge(datetime.date(2020, 1, 1))], "2020-01-01"),
        (bytes, Annotated[bytes, MinLen(2)], "length of at least 2"), (Three, Two, "'ccc'"),
        (Model, Closed, "not taken"), (typing.Literal["a"], Annotated[str, MinLen(2)], "'a'"),
    ],
)  # fmt: skip
def test_what_breaks_is_told(older: Any, newer: Any, message: str) -> None:
    told = list(misfits(_parts(older)[1], _parts(newer)[1]))
    assert told
    assert message in told[0][1]
