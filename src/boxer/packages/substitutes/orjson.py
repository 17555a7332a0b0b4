"""Stands in for orjson, which is in Rust: JSON as its documentation says, in Python.

It is slower: some microseconds for each value. Its errors name what orjson's do.
"""

import dataclasses
import datetime
import enum
import json
import math
import sys
import uuid
from collections.abc import Callable, Mapping
from importlib.metadata import version
from json.encoder import encode_basestring as _quoted
from typing import Any

__all__ = (
    "OPT_APPEND_NEWLINE",
    "OPT_INDENT_2",
    "OPT_NAIVE_UTC",
    "OPT_NON_STR_KEYS",
    "OPT_OMIT_MICROSECONDS",
    "OPT_PASSTHROUGH_DATACLASS",
    "OPT_PASSTHROUGH_DATETIME",
    "OPT_PASSTHROUGH_SUBCLASS",
    "OPT_SERIALIZE_DATACLASS",
    "OPT_SERIALIZE_NUMPY",
    "OPT_SERIALIZE_UUID",
    "OPT_SORT_KEYS",
    "OPT_STRICT_INTEGER",
    "OPT_UTC_Z",
    "Fragment",
    "JSONDecodeError",
    "JSONEncodeError",
    "dumps",
    "loads",
)

OPT_INDENT_2 = 1 << 0
OPT_NAIVE_UTC = 1 << 1
OPT_NON_STR_KEYS = 1 << 2
OPT_OMIT_MICROSECONDS = 1 << 3
OPT_SERIALIZE_NUMPY = 1 << 4
OPT_SORT_KEYS = 1 << 5
OPT_STRICT_INTEGER = 1 << 6
OPT_UTC_Z = 1 << 7
OPT_PASSTHROUGH_SUBCLASS = 1 << 8
OPT_PASSTHROUGH_DATETIME = 1 << 9
OPT_APPEND_NEWLINE = 1 << 10
OPT_PASSTHROUGH_DATACLASS = 1 << 11
OPT_SERIALIZE_DATACLASS = OPT_SERIALIZE_UUID = 0  # what was asked for once is done always
_ALL = (1 << 12) - 1

JSONEncodeError = TypeError
_DEEPEST = 254  # levels of what is written, and calls of `default` for one value
_INTEGERS = (-(1 << 63), (1 << 64) - 1)
_STRICT_INTEGERS = (-(1 << 53) + 1, (1 << 53) - 1)
_SURROGATES = "str is not valid UTF-8: surrogates not allowed"


def __getattr__(name: str) -> str:
    if name == "__version__":  # the one that was asked for
        return version("orjson")
    raise AttributeError(f"module 'orjson' has no attribute {name!r}")


class JSONDecodeError(json.JSONDecodeError):
    """What was read is no JSON."""


class Fragment:
    """JSON that is there already: it is written as it is."""

    __slots__ = ("contents",)

    def __init__(self, contents: bytes | str) -> None:
        self.contents = contents


def dumps(
    obj: Any, /, default: Callable[[Any], Any] | None = None, option: int | None = None
) -> bytes:
    """An object as JSON in UTF-8. Raises JSONEncodeError."""
    if option is not None and (type(option) is not int or option & ~_ALL):
        raise JSONEncodeError("Invalid opts")
    writer = _Writer(default, option or 0)
    writer.write(obj, 0)
    if writer.option & OPT_APPEND_NEWLINE:
        writer.parts.append("\n")
    try:
        return "".join(writer.parts).encode()
    except UnicodeEncodeError:
        raise JSONEncodeError(_SURROGATES) from None


class _Writer:
    def __init__(self, default: Callable[[Any], Any] | None, option: int) -> None:
        self.default = default
        self.option = option
        self.parts: list[str] = []
        self.colon = ": " if option & OPT_INDENT_2 else ":"
        self.asked = 0  # calls of `default` for the value that is written

    def write(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind is str:
            self.parts.append(_quoted(value))
        elif value is None:
            self.parts.append("null")
        elif kind is bool:
            self.parts.append("true" if value else "false")
        elif kind is int:
            self.parts.append(self.integer(value))
        elif kind is float:
            self.parts.append(_number(value))
        elif kind is dict:
            self.mapping(value, depth)
        elif kind is list or kind is tuple:
            self.sequence(value, depth)
        else:
            self.other(value, kind, depth)

    def other(self, value: Any, kind: type, depth: int) -> None:
        passes = self.option & OPT_PASSTHROUGH_DATETIME
        if not passes and kind in (datetime.datetime, datetime.date, datetime.time):
            self.parts.append(f'"{self.moment(value)}"')
        elif kind is uuid.UUID:
            self.parts.append(f'"{value}"')
        elif isinstance(value, enum.Enum):
            self.write(value.value, depth)
        elif kind is Fragment:
            self.parts.append(_contents(value))
        elif not self.option & OPT_PASSTHROUGH_SUBCLASS and isinstance(
            value, (str, int, dict, list)
        ):
            self.subclass(value, depth)
        elif not self.option & OPT_PASSTHROUGH_DATACLASS and _is_dataclass(kind):
            self.mapping(_fields(value), depth, sorts=False)
        elif self.option & OPT_SERIALIZE_NUMPY and kind.__module__ == "numpy":
            self.array(value, kind, depth)
        else:
            self.by_default(value, kind, depth)

    def subclass(self, value: Any, depth: int) -> None:
        if isinstance(value, str):
            self.parts.append(_quoted(str.__str__(value)))
        elif isinstance(value, int):
            self.parts.append(self.integer(int(value)))
        elif isinstance(value, dict):
            self.mapping(value, depth)
        else:
            self.sequence(value, depth)

    def by_default(self, value: Any, kind: type, depth: int) -> None:
        if self.default is None:
            raise JSONEncodeError(f"Type is not JSON serializable: {_name(kind)}")
        if self.asked >= _DEEPEST:
            raise JSONEncodeError("default serializer exceeds recursion limit")
        try:
            instead = self.default(value)
        except Exception as error:
            message = f"Type is not JSON serializable: {_name(kind)}"
            raise JSONEncodeError(message) from error
        self.asked += 1
        self.write(instead, depth)
        self.asked -= 1

    def integer(self, value: int) -> str:
        first, last = _STRICT_INTEGERS if self.option & OPT_STRICT_INTEGER else _INTEGERS
        if not first <= value <= last:
            bits = 53 if _INTEGERS[0] <= value <= _INTEGERS[1] else 64
            raise JSONEncodeError(f"Integer exceeds {bits}-bit range")
        return str(value)

    def key(self, key: Any) -> str:
        if type(key) is str:
            return key
        if not self.option & OPT_NON_STR_KEYS:
            raise JSONEncodeError("Dict key must be str")
        if isinstance(key, enum.Enum):
            return self.key(key.value)
        if isinstance(key, str):
            return str.__str__(key)
        if key is None:
            return "null"
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, int):
            if not _INTEGERS[0] <= key <= _INTEGERS[1]:
                raise JSONEncodeError("Dict integer key must be within 64-bit range")
            return str(int(key))
        if type(key) is float:
            return _number(key)
        if type(key) in (datetime.datetime, datetime.date, datetime.time):
            return self.moment(key)
        if type(key) is uuid.UUID:
            return str(key)
        raise JSONEncodeError("Dict key must a type serializable with OPT_NON_STR_KEYS")

    def mapping(self, value: Mapping[Any, Any], depth: int, *, sorts: bool = True) -> None:
        separator, end = self.begins("{", depth)
        if not value:
            self.parts.append("}")
            return
        items = [(self.key(key), inner) for key, inner in value.items()]
        if sorts and self.option & OPT_SORT_KEYS:
            items.sort(key=lambda item: item[0])
        before = separator[1:]
        for key, inner in items:
            self.parts += (before, _quoted(key), self.colon)
            self.write(inner, depth + 1)
            before = separator
        self.parts.append(end + "}")

    def sequence(self, value: Any, depth: int) -> None:
        separator, end = self.begins("[", depth)
        if not value:
            self.parts.append("]")
            return
        before = separator[1:]
        for inner in value:
            self.parts.append(before)
            self.write(inner, depth + 1)
            before = separator
        self.parts.append(end + "]")

    def begins(self, bracket: str, depth: int) -> tuple[str, str]:
        """What goes between entries, and before the bracket that ends them."""
        if depth >= _DEEPEST:
            raise JSONEncodeError("Recursion limit reached")
        self.parts.append(bracket)
        if not self.option & OPT_INDENT_2:
            return ",", ""
        return ",\n" + "  " * (depth + 1), "\n" + "  " * depth

    def moment(self, value: Any) -> str:
        """RFC 3339."""
        if self.option & OPT_OMIT_MICROSECONDS and type(value) is not datetime.date:
            value = value.replace(microsecond=0)
        if type(value) is datetime.time and value.tzinfo is not None:
            raise JSONEncodeError("datetime.time must not have tzinfo set")
        if type(value) is not datetime.datetime:
            return str(value.isoformat())
        text = value.replace(tzinfo=None).isoformat()
        offset = value.utcoffset()
        if offset is None:
            if value.tzinfo is None and not self.option & OPT_NAIVE_UTC:
                return text
            offset = datetime.timedelta()
        seconds = offset.days * 86400 + offset.seconds
        if seconds == 0 and self.option & OPT_UTC_Z:
            return text + "Z"
        minutes = abs(seconds) // 60 + (abs(seconds) % 60 >= 30)
        return f"{text}{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"

    def array(self, value: Any, kind: type, depth: int) -> None:
        numpy = sys.modules["numpy"]
        if isinstance(value, numpy.datetime64):
            moment = value.astype("datetime64[us]").item()
            self.parts.append(f'"{self.moment(moment)}"')
        elif isinstance(value, numpy.ndarray):
            if value.dtype.kind not in "biufM" or not value.ndim or not value.flags["C_CONTIGUOUS"]:
                self.by_default(value, kind, depth)
            else:
                self.write(list(value) if value.dtype.kind == "M" else _plain(value), depth)
        elif isinstance(value, (numpy.bool_, numpy.integer, numpy.floating)):
            self.write(_plain(value), depth)
        else:
            self.by_default(value, kind, depth)


def _name(kind: type) -> str:
    """As C has it: those that are made in C say their module, too."""
    is_made_in_c = not kind.__flags__ & 1 << 9  # Py_TPFLAGS_HEAPTYPE
    says_module = is_made_in_c and kind.__module__ != "builtins"
    return f"{kind.__module__}.{kind.__name__}" if says_module else kind.__name__


def _plain(value: Any) -> Any:
    """Of numpy: numbers of Python. Those of fewer than 64 bits are written as short as they are."""
    if value.dtype.kind == "f" and value.dtype.itemsize < 8:
        shortest = [float(str(one)) for one in value.ravel()]
        numpy = sys.modules["numpy"]
        return numpy.array(shortest).reshape(value.shape).tolist()
    return value.tolist()


def _is_dataclass(kind: type) -> bool:
    return "__dataclass_fields__" in dir(kind)


def _fields(value: Any) -> dict[str, Any]:
    own = getattr(value, "__dict__", None)
    if own is None or "__slots__" in type(value).__dict__:
        own = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: inner for name, inner in own.items() if not name.startswith("_")}


def _contents(fragment: Fragment) -> str:
    contents = fragment.contents
    if isinstance(contents, bytes):
        try:
            return contents.decode()
        except UnicodeDecodeError:
            raise JSONEncodeError(_SURROGATES) from None
    if isinstance(contents, str):
        return contents
    raise JSONEncodeError("orjson.Fragment's content is not of type bytes or str")


def _number(value: float) -> str:
    """The shortest digits that mean the number; not a number, and infinity, are null."""
    if not math.isfinite(value):
        return "null"
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    if exponent == "-05":  # repr(3) begins with exponents one place earlier
        sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
        return f"{sign}0.0000{digits.replace('.', '')}"
    return f"{digits}e{int(exponent):+}"


def loads(obj: bytes | bytearray | memoryview | str, /) -> Any:
    """What a document of JSON says. Raises JSONDecodeError."""
    if isinstance(obj, (bytes, bytearray, memoryview)):
        try:
            text = bytes(obj).decode()
        except UnicodeDecodeError:
            raise JSONDecodeError(_SURROGATES, "", 0) from None
    elif isinstance(obj, str):
        text = obj
    else:
        message = "Input must be bytes, bytearray, memoryview, or str"
        raise JSONDecodeError(message, "", 0)
    if not text:
        raise JSONDecodeError("Input is a zero-length, empty document", "", 0)
    try:
        found = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise JSONDecodeError(error.msg, text, error.pos) from None
    except RecursionError:
        raise JSONDecodeError("Recursion limit reached", text, 0) from None
    except ValueError as error:
        raise JSONDecodeError(str(error), text, 0) from None
    if "\\u" in text or isinstance(obj, str):
        try:
            text.encode()
            if "\\u" in text:
                _check(found)
        except UnicodeEncodeError:
            raise JSONDecodeError(_SURROGATES, "", 0) from None
    return found


def _check(value: Any) -> None:
    """Raises UnicodeEncodeError for half a pair of surrogates."""
    waiting = [value]
    for one in waiting:  # grows while it is walked
        if type(one) is str:
            one.encode()
        elif type(one) is dict:
            waiting += one
            waiting += one.values()
        elif type(one) is list:
            waiting += one


def _integer(text: str) -> int | float:
    if len(text) > 20:
        return _float(text)
    value = int(text)
    return value if _INTEGERS[0] <= value <= _INTEGERS[1] else float(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number is infinity when parsed as double")
    return value


def _refuse(text: str) -> float:
    raise ValueError(f"invalid literal: {text}")


_decoder = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_refuse)
