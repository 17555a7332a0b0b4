"""Functions of the boxes that the tests here build."""

# mypy: ignore-errors

import asyncio
import dataclasses
import datetime
import enum
import sys
import time
import uuid
from decimal import Decimal
from typing import Literal

import boxer
from boxer import Context, Next


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Everything:
    data: bytes
    at: datetime.datetime
    length: datetime.timedelta
    id: uuid.UUID
    price: Decimal
    colour: Colour
    mode: Literal["a", 1]
    tags: set[str]
    pairs: list[tuple[int, str]]
    inner: "Everything | None" = None


def everything(given: Everything) -> Everything:
    """Gives it back."""
    assert isinstance(given.at, datetime.datetime), given.at
    assert isinstance(given.colour, Colour), given.colour
    return given


@dataclasses.dataclass
class Thumbnail:
    width: int
    data: bytes


def resize(image: bytes, *, width: int = 64) -> Thumbnail:
    """Makes it small."""
    print("resizing")
    print("carefully", file=sys.stderr)
    return Thumbnail(width, image[:width])


_calls = 0


def count() -> int:
    global _calls
    _calls += 1
    return _calls


def fail(text: str) -> None:
    print("before")
    raise ValueError(text)


def lie() -> int:
    return "no number"


def forever() -> None:
    while True:
        pass


async def later(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


def told(context: Context) -> dict[str, str | bool | None]:
    return {
        "name": context.name,
        "traceparent": context.traceparent,
        "instance": context.instance,
        "has_deadline": context.deadline is not None and context.deadline > time.time(),
        "same": boxer.context() is context,
    }


def add_one(number: int) -> int:
    return number + 1


def double(number: int) -> int:
    return number * 2


def shout(text: str) -> str:
    return text.upper()


def around(number: int, next: Next[int, int]) -> int:
    return next(number) + next(number + 1)


def silent(number: int, next: Next[int, int]) -> int:
    return number


def patient(number: int, next: Next[int, int]) -> int:
    try:
        return next(-1)
    except Exception as error:
        print(type(error).__name__, error)
        return next(number)


def picky(number: int) -> int:
    if number < 0:
        raise ValueError("negative")
    return number


def fail_if_called(number: int) -> int:
    raise AssertionError("it was called")


def around_once(number: int, next: Next[int, int]) -> int:
    return next(number)
