"""Every kind of field, given back."""

# mypy: ignore-errors

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Any, Literal, TypedDict


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Tree(TypedDict):
    name: str
    inner: "Tree | None"
    data: bytes


class Kinds(TypedDict, total=False):
    nothing: None
    flag: bool
    whole: int
    big: int
    real: float
    text: str
    data: bytes
    moment: datetime.datetime
    day: datetime.date
    clock: datetime.time
    span: datetime.timedelta
    id: uuid.UUID
    price: Decimal
    colour: Colour
    mode: Literal["a", 1]
    list: list[int]
    pair: tuple[int, str]
    unique: set[str]
    names: dict[str, int]
    either: int | str | bytes | None
    tree: Tree
    anything: Any


def handler(given: Kinds) -> Kinds:
    return given
