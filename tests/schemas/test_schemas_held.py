"""Types as people write them that were wrong once, each with its schema."""

from __future__ import annotations

import datetime
import decimal
import enum
import typing
import uuid
import warnings
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pydantic
import pytest
import typing_extensions
from annotated_types import Ge, Gt, Le, Len, Lt, MinLen, MultipleOf, Predicate
from pydantic import networks

from boxer.schemas import RULES, BadTypeError, InvalidError, Types

T = TypeVar("T")
Pair = typing_extensions.TypeAliasType("Pair", tuple[T, list[T]], type_params=(T,))
DAY = datetime.date(2020, 1, 1)
NOON = datetime.datetime(2020, 1, 1, 12)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Share(enum.Enum):
    HALF = 0.5
    TWICE = 2.0


class Extended(typing_extensions.TypedDict, total=False):
    """Of typing_extensions, whose class for it is not typing's."""

    a: typing_extensions.Required[int]
    b: typing_extensions.ReadOnly[str]


class Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    when: datetime.datetime
    ids: set[int]
    key: uuid.UUID
    level: Level


class Loose(pydantic.BaseModel):
    share: float
    text: str = ""


# hint, what fits, what does not.
KINDS: list[tuple[Any, list[Any], list[Any]]] = [
    (set[Any], [[1, "a"]], [[[1]], [{}], [1, 1]]),
    (frozenset[tuple[Any, ...]], [[[1]]], [[[[1]]]]),
    (Annotated[float, MultipleOf(0.1)], [0.3, 0.7, 1.1, 2], [0.35, 0.0000001]),
    (Annotated[int, MultipleOf(4), MultipleOf(6)], [12, 0], [4, 6]),
    (Annotated[datetime.date, Ge(DAY)], ["2021-01-01"], ["2019-01-01"]),
    (Annotated[datetime.datetime, Gt(NOON)], ["2021-01-01T00:00:00"],
     ["2019-01-01T00:00:00", "2021-01-01T00:00:00Z"]),
    (Annotated[datetime.timedelta, Le(datetime.timedelta(hours=1))], ["PT1H"], ["PT2H"]),
    (Annotated[decimal.Decimal, Gt(decimal.Decimal("0.5"))], ["1.5", 2], ["0.5", 0.5, -1]),
    (Annotated[bytes, MinLen(2)], [b"ab", "YWI="], [b"a", "YQ=="]),
    (Annotated[int | None, Gt(0)], [5, None], [0, "a"]),
    (Annotated[int | str, Gt(0)], [5], [0, "a"]),
    (Annotated[str, Predicate(str.islower)], ["a"], ["A"]),
    (tuple[int, *tuple[str, ...]], [[1], [1, "a", "b"]], [[], [1, 2]]),
    (tuple[int, *tuple[str, int]], [[1, "a", 2]], [[1, "a"]]),
    (dict[Level, int], [{"1": 1}], [{"9": 1}, {"01": 1}]),
    (dict[int, int], [{"-1": 1, "0": 1}], [{"01": 1}, {"-0": 1}, {"1.0": 1}]),
    (Share, [0.5, 2.0, 2], [1, True]),
    (Extended, [{"a": 1}, {"a": 1, "b": "x"}], [{}, {"a": 1, "c": 1}]),
    (list[Extended], [[{"a": 1}]], [[{"b": "x"}]]),
    (Pair[int], [[1, [2]]], [[1, ["a"]], ["a", []]]),
    (Strict, [{"when": "2024-01-01T00:00:00Z", "ids": [1], "key": str(uuid.UUID(int=1)),
               "level": 2}], [{"when": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "right", "wrong"), KINDS, ids=[str(row[0])[:60] for row in KINDS])
def test_what_fits_is_taken_and_else_refused(hint: Any, right: list[Any], wrong: list[Any]) -> None:
    for types in (Types(), Types(output=True)):
        codec = types.codec(hint)
        jsonschema.Draft202012Validator.check_schema({"$defs": types.definitions, **codec.schema})
    codec = Types().codec(hint)
    for told in right:
        codec.load(told)
    for told in wrong:
        with pytest.raises(InvalidError):
            codec.load(told)


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (Annotated[datetime.date, Ge(DAY)], {RULES: ["must be at least 2020-01-01"]}),
        (Annotated[int, Ge(1), Ge(3), Lt(9)], {"minimum": 3, "exclusiveMaximum": 9}),
        (Annotated[decimal.Decimal, Ge(decimal.Decimal("0.5"))], {"minimum": 0.5}),
        (Annotated[list[int], Len(1, 3)], {"minItems": 1, "maxItems": 3}),
        (Annotated[bytes, MinLen(2)], {RULES: ["must have a length of at least 2"]}),
        (Annotated[int | None, Gt(0)], {"exclusiveMinimum": 0}),
    ],
    ids=str,
)
def test_a_schema_states_what_it_has_words_for(hint: Any, told: dict[str, Any]) -> None:
    schema = Types().codec(hint).schema
    assert {name: schema[name] for name in told} == told


@pytest.mark.parametrize(
    "value",
    [Loose(share=float("inf")), Loose.model_construct(share="x"),
     Loose.model_construct(share=1.0, text=3)],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("action", ["default", "ignore", "error"])
def test_a_model_that_is_not_of_its_schema_is_not_given(value: Loose, action: Any) -> None:
    dump = Types(output=True).codec(Loose).dump
    assert dump is not None
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            with pytest.raises(InvalidError):
                dump(value)
    assert dump(Loose(share=0.5)) == {"share": 0.5, "text": ""}


@pytest.mark.parametrize(
    "hint",
    [
        tuple[int, *tuple[str, ...], int], Literal[b"a"], Iterable[complex],
        dict[float, int],
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_form_is_refused_early(hint: Any) -> None:
    with pytest.raises(BadTypeError):
        Types().codec(hint)


def test_a_type_of_pydantics_that_needs_another_package_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: Any) -> None:
        raise ImportError("email-validator is not installed")

    monkeypatch.setattr(networks, "import_email_validator", missing)
    with pytest.raises(BadTypeError, match="email-validator"):
        Types().codec(pydantic.EmailStr)


def test_the_names_of_plain_objects_are_jsons() -> None:
    from boxer.schemas import plain

    assert plain({True: 1, None: 2, 3: 4}) == {"true": 1, "null": 2, "3": 4}
    assert typing.cast("Any", plain({1.5: 0})) == {"1.5": 0}
