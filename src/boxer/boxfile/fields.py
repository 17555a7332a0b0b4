"""Typed reading of JSON objects written by someone else.

Belongs here: taking fields of a given type out of decoded JSON. Does not: what the fields mean.

Invariants
1. Whatever the JSON holds, a reader returns a value of the promised type or raises
   `BadFieldError`; nothing else gets out.
2. Unknown fields are ignored: a newer Boxer may have written them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from boxer.errors import BadFieldError

# Depth is bounded by the decoder's own recursion check; size by the caller, who holds the bytes.
LARGEST_INTEGER = 2**63 - 1


def decode_object(data: bytes, what: str) -> Fields:
    """Decodes a JSON object. Raises `BadFieldError` for anything else."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadFieldError(f"{what} is not valid JSON: {error}.") from None
    return Fields.of(value, what)


class Fields:
    """One JSON object, read field by field. `what` names the object in error messages."""

    __slots__ = ("_values", "what")

    def __init__(self, values: Mapping[str, object], what: str) -> None:
        self._values = values
        self.what = what

    @classmethod
    def of(cls, value: object, what: str) -> Fields:
        if not isinstance(value, dict):
            raise BadFieldError(f"{what} is not a JSON object.")
        return cls(value, what)

    def _bad(self, name: str, wanted: str) -> BadFieldError:
        return BadFieldError(f"`{name}` of {self.what} is not {wanted}.")

    def value(self, name: str) -> object:
        """The raw value, None where it is absent (JSON null counts as absent)."""
        return self._values.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self._bad(name, "a string")
        return _checked_text(value, name, self.what)

    def number(self, name: str, default: int | None = None) -> int:
        """A non-negative integer below 2**63."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._bad(name, "an integer")
        if not 0 <= value <= LARGEST_INTEGER:
            raise self._bad(name, "an integer from 0 to 2**63 - 1")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._bad(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; absent means empty."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._bad(name, "a list of strings")
        return tuple(_checked_text(item, name, self.what) for item in value)

    def optional_texts(self, name: str) -> tuple[str, ...] | None:
        return None if self.value(name) is None else self.texts(name)

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The sorted keys of an object used as a set, as OCI writes ExposedPorts and Volumes."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise self._bad(name, "an object")
        return tuple(sorted(_checked_text(key, name, self.what) for key in value))

    def text_map(self, name: str) -> tuple[tuple[str, str], ...]:
        """An object of strings as sorted pairs; absent means empty."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise self._bad(name, "an object of strings")
        inner = Fields(value, f"`{name}` of {self.what}")
        return tuple(sorted((key, inner.text(key)) for key in self.keys_of(name)))

    def objects(self, name: str) -> tuple[Fields, ...]:
        """A list of objects; absent means empty."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._bad(name, "a list")
        return tuple(Fields.of(item, f"an item of `{name}` of {self.what}") for item in value)

    def object(self, name: str) -> Fields | None:
        value = self.value(name)
        return None if value is None else Fields.of(value, f"`{name}` of {self.what}")


def _checked_text(text: str, name: str, what: str) -> str:
    """JSON can smuggle lone surrogates and NUL; neither has a place in our strings."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadFieldError(f"`{name}` of {what} is not valid Unicode.") from None
    if "\0" in text:
        raise BadFieldError(f"`{name}` of {what} holds a NUL character.")
    return text
