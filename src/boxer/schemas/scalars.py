"""Values that are one thing: numbers, texts, bytes, times.

Belongs here: how each is read from plain data (JSON's types and bytes) and written as it. Does not:
what holds others (`containers`), classes (`types`).

Also a part of every base (recipes/layout.py): it imports nothing that is not in a box.
"""

from __future__ import annotations

import binascii
import datetime
import decimal
import math
import re
import uuid
from collections.abc import Callable
from typing import Any

from boxer.schemas.invalid import InvalidError, kind_of, shown

Schema = dict[str, Any]


class Codec:
    """A type: its JSON Schema, how it is read from plain data and written as it. dump None: it is
    plain already."""

    __slots__ = ("dump", "exact", "load", "schema")

    def __init__(
        self,
        schema: Schema,
        load: Callable[[Any], Any],
        dump: Callable[[Any], Any] | None,
        exact: type | None = None,
    ) -> None:
        self.schema, self.load, self.dump, self.exact = schema, load, dump, exact


def titled(hint: Any, schema: Schema) -> Schema:
    """The schema of a class, with its name and what its docstring begins with."""
    doc = (hint.__doc__ or "").strip()
    made = {"title": hint.__name__, **schema}
    # dataclasses and namedtuple write one of their own
    if doc and not doc.startswith((f"{hint.__name__}(", "dict(")):
        made["description"] = doc.partition("\n\n")[0].replace("\n    ", " ")
    return made


def _wrong(what: str, value: Any) -> InvalidError:
    return InvalidError(f"must be {what}, is {kind_of(value)}")


def _load_none(value: Any) -> None:
    if value is not None:
        raise _wrong("null", value)


def _load_bool(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise _wrong("a boolean", value)


def _load_int(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():  # 1.0 is an integer of JSON Schema's
        return int(value)
    raise _wrong("an integer", value)


def _load_float(value: Any) -> float:
    if type(value) is float:
        if math.isfinite(value):
            return value
        raise InvalidError("must be a finite number: JSON has no others")
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise InvalidError("is too large a number") from None
    raise _wrong("a number", value)


def _load_str(value: Any) -> str:
    if type(value) is str:
        return value
    raise _wrong("a string", value)


def _load_bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if type(value) is str:  # of a caller who has JSON alone (RFC 4648 section 4)
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except ValueError as error:
            raise InvalidError(f"is not base64: {error}") from None
    raise _wrong("bytes", value)


def _dump_int(value: Any) -> int:
    if type(value) is int:
        return value
    if hasattr(value, "__index__") and not isinstance(value, bool):
        return int(value.__index__())
    raise _wrong("an integer", value)


def _dump_float(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
            raise _wrong("a number", value)
        value = float(value)
    if math.isfinite(value):
        return value  # type: ignore[no-any-return]
    raise InvalidError("must be a finite number: JSON has no others")


def _dump_str(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise _wrong("a string", value)


def _dump_bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise _wrong("bytes", value)


def _decimal(value: Any) -> decimal.Decimal:
    if type(value) in (str, int, float):
        if type(value) is float and not math.isfinite(value):
            raise InvalidError("must be a finite number: JSON has no others")
        try:
            number = decimal.Decimal(str(value))
        except decimal.InvalidOperation:
            raise InvalidError(f"is no decimal number: {shown(value)}") from None
        if not number.is_finite():
            raise InvalidError("must be a finite number: JSON has no others")
        return number
    raise _wrong("a decimal number, as a number or a string", value)


# ISO 8601 as JSON Schema 2020-12 section 7.3.1 has it (RFC 3339 appendix A), without months and
# years, which are no time of a known length.
_DURATION = re.compile(
    r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?"
)


def _load_duration(value: Any) -> datetime.timedelta:
    if type(value) is not str:
        raise _wrong("a duration, as ISO 8601 text", value)
    found = _DURATION.fullmatch(value)
    if not found or not any(found.groups()[1:]):
        raise InvalidError(f"is no duration of ISO 8601, as `PT1M30S`: {shown(value)}")
    sign, *numbers, fraction = found.groups()
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in numbers)
    microseconds = int((fraction or "0").ljust(9, "0")) // 1000
    try:
        length = datetime.timedelta(days, seconds, microseconds, 0, minutes, hours, weeks)
        return -length if sign == "-" else length
    except OverflowError:
        raise InvalidError("is too long a duration") from None


def _dump_duration(value: Any) -> str:
    if not isinstance(value, datetime.timedelta):
        raise _wrong("a timedelta", value)
    sign = "-" if value < datetime.timedelta() else ""
    value = abs(value)
    seconds = f"{value.seconds}"
    if value.microseconds:
        seconds += f".{value.microseconds:06d}".rstrip("0")
    days = f"{value.days}D" if value.days else ""
    return (
        f"{sign}P{days}T{seconds}S"
        if value.seconds or value.microseconds or not days
        else (f"{sign}P{days}")
    )


def _load_moment(value: Any) -> datetime.datetime:
    if type(value) is not str:
        raise _wrong("a date and time, as ISO 8601 text", value)
    try:
        if "T" not in value and "t" not in value and " " not in value:
            raise ValueError
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        raise InvalidError(f"is no date and time of ISO 8601: {shown(value)}") from None


def _text_type(
    kind: type, what: str, schema: Schema, read: Callable[[str], Any], write: Callable[[Any], str]
) -> Codec:
    def load(value: Any) -> Any:
        if type(value) is not str:
            raise _wrong(what, value)
        try:
            return read(value)
        except (ValueError, TypeError):
            raise InvalidError(f"is not {what}: {shown(value)}") from None

    def dump(value: Any) -> str:
        if not isinstance(value, kind):
            raise _wrong(kind.__name__, value)
        return write(value)

    return Codec({"type": "string", **schema}, load, dump)


def _isoformat(value: Any) -> str:
    return str(value.isoformat())


def _dump_moment(value: Any) -> str:
    if not isinstance(value, datetime.datetime):
        raise _wrong("a datetime", value)
    return value.isoformat()


def _dump_date(value: Any) -> str:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise _wrong("a date", value)
    return value.isoformat()


def _dump_decimal(value: Any) -> str:
    if not isinstance(value, decimal.Decimal):
        raise _wrong("a Decimal", value)
    if not value.is_finite():
        raise InvalidError("must be a finite number: JSON has no others")
    return str(value)


def _load_none_dump(value: Any) -> None:
    _load_none(value)


BYTES: Schema = {"type": "string", "contentEncoding": "base64"}
_BYTES = Codec(BYTES, _load_bytes, _dump_bytes, bytes)
_DATE = _text_type(
    datetime.date,
    "a date of ISO 8601",
    {"format": "date"},
    datetime.date.fromisoformat,
    _isoformat,
)
_DATE.dump = _dump_date

SCALARS: dict[Any, Codec] = {
    None: Codec({"type": "null"}, _load_none, _load_none_dump, type(None)),
    type(None): Codec({"type": "null"}, _load_none, _load_none_dump, type(None)),
    bool: Codec({"type": "boolean"}, _load_bool, _load_bool, bool),
    int: Codec({"type": "integer"}, _load_int, _dump_int, int),
    float: Codec({"type": "number"}, _load_float, _dump_float, float),
    str: Codec({"type": "string"}, _load_str, _dump_str, str),
    bytes: _BYTES,
    bytearray: Codec(BYTES, lambda value: bytearray(_load_bytes(value)), _dump_bytes),
    memoryview: Codec(BYTES, lambda value: memoryview(_load_bytes(value)), _dump_bytes),
    datetime.datetime: Codec({"type": "string", "format": "date-time"}, _load_moment, _dump_moment),
    datetime.date: _DATE,
    datetime.time: _text_type(
        datetime.time,
        "a time of ISO 8601",
        {"format": "time"},
        datetime.time.fromisoformat,
        _isoformat,
    ),
    datetime.timedelta: Codec(
        {"type": "string", "format": "duration"}, _load_duration, _dump_duration
    ),
    uuid.UUID: _text_type(uuid.UUID, "a UUID", {"format": "uuid"}, uuid.UUID, str),
    decimal.Decimal: Codec(
        {"anyOf": [{"type": "number"}, {"type": "string", "format": "decimal"}]},
        _decimal,
        _dump_decimal,
    ),
}


# Classes of modules that most boxes have not loaded: by module and name.
_RARE = {
    "pathlib": {
        "Path": "path", "PosixPath": "path", "PurePath": "path", "PurePosixPath": "path",
        "PureWindowsPath": "path",
    },
    "ipaddress": {
        "IPv4Address": "ipv4", "IPv6Address": "ipv6", "IPv4Network": "ipv4network",
        "IPv6Network": "ipv6network", "IPv4Interface": "ipv4interface",
        "IPv6Interface": "ipv6interface",
    },
}  # fmt: skip


def rare_text(hint: type) -> Codec | None:
    """Of a class that is written as the text that `str` gives and its `__init__` reads."""
    module = hint.__module__.partition(".")[0]
    kind = _RARE.get(module, {}).get(hint.__name__)
    if kind is None:
        return None
    base: Any = hint.__mro__[-2] if module == "pathlib" else hint  # a PosixPath is a Path
    return _text_type(base, f"a {hint.__name__}", {"format": kind}, hint, str)
