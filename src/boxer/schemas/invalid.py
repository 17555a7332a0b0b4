"""What does not fit its type, and where in it.

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

from typing import Any

MOST_ERRORS = 50  # of one value: who sends nonsense is not sent a book
LONGEST_SHOWN = 60


class InvalidError(ValueError):
    """errors: paths (names and numbers, from the outside in) and what is wrong there."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.errors: list[tuple[tuple[str | int, ...], str]] = [(path, message)]

    def below(self, step: str | int) -> InvalidError:
        """The same, seen from one level further out."""
        self.errors = [((step, *path), message) for path, message in self.errors]
        return self

    def joined(self, other: InvalidError | None) -> InvalidError:
        """Both, the other one first."""
        if other is not None:
            self.errors = [*other.errors, *self.errors][:MOST_ERRORS]
        return self

    def told(self) -> list[list[str]]:
        """[[path as a JSON Pointer (RFC 6901), message]]."""
        return [[pointer(path), message] for path, message in self.errors]

    def __str__(self) -> str:
        return "; ".join(f"{path or 'the value'}: {message}" for path, message in self.told())


class BadTypeError(TypeError):
    """A type hint that has no JSON form."""


def pointer(path: tuple[str | int, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def kind_of(value: Any) -> str:
    """What a value is, in JSON's words."""
    if value is None:
        return "null"
    known = _KINDS.get(type(value))
    return known if known is not None else type(value).__name__


def shown(value: Any) -> str:
    """A value in an error, cut short."""
    text = repr(value[:LONGEST_SHOWN] if isinstance(value, (str, bytes)) else value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    bytes: "bytes",
    list: "an array",
    dict: "an object",
}
