"""Data that is more than short JSON: bytes and long texts lie behind it as they are.

Belongs here: the host's half of what guest/python/_boxer_calls.py calls tagged. Does not: requests
and replies (`calls`).

    size of the JSON (four bytes, little-endian)   the JSON   all parts, one after the other

In the JSON bytes are {"boxer.bytes": size}, long texts {"boxer.text": size of its UTF-8}; the
user's own {"boxer.bytes": value} is {"boxer.bytes": [value]}, and so is the other.

Invariants
1. Parts are copied once; texts are escaped nowhere, however long.
2. What is made of a guest's data stays within the room that is given (`replies`).
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from boxer.runtime.replies import TooManyError, measure

TAG = "boxer.bytes"
TEXT = "boxer.text"
# A text from here on is set apart: what that takes is then less than what escaping it would.
LONG = 4096
# How many values are looked at for long texts in them, of data whose JSON is long itself.
LOOKED_AT = 512
_SIZE = struct.Struct("<I")
_BYTES = (bytes, bytearray, memoryview)


def refuse(value: object) -> NoReturn:
    """Raises the error of a value that is no plain data."""
    raise TypeError(type(value).__name__)


def has_long_text(values: Iterable[object]) -> bool:
    """Whether one of the values is a long text, or has one among the first few in it."""
    waiting = list(values)
    for value in waiting:
        if type(value) is str:
            if len(value) >= LONG:
                return True
        elif len(waiting) < LOOKED_AT:
            if isinstance(value, dict):
                waiting.extend(value.values())
            elif isinstance(value, (list, tuple)):
                waiting.extend(value[:LOOKED_AT])
    return False


def encoder_with(
    default: Callable[[object], object], *, is_strict: bool = False
) -> Callable[[object], str]:
    """What `json.JSONEncoder(default=default).encode` makes anew for each value, made once.
    is_strict: numbers are finite, as JSON's."""
    slow = json.JSONEncoder(default=default, separators=(",", ":"), allow_nan=not is_strict).encode
    try:
        make = json.encoder.c_make_encoder  # type: ignore[attr-defined]
        text = json.encoder.encode_basestring_ascii
        encode = make(None, default, text, None, ":", ",", False, False, not is_strict)
        if "".join(encode({"a": [1, None, "\xe9"]}, 0)) != '{"a":[1,null,"\\u00e9"]}':
            return slow
    except (AttributeError, TypeError):
        return slow

    def once(value: object) -> str:
        try:
            return "".join(encode(value, 0))
        except RecursionError:  # it is too deep, or holds itself
            return slow(value)  # which says why

    return once


class _Apart(threading.local):
    """What a thread is setting apart."""

    parts: list[bytes]


_apart = _Apart()


def _set_bytes_apart(value: object) -> object:
    if not isinstance(value, _BYTES):
        refuse(value)
    _apart.parts.append(value if isinstance(value, bytes) else bytes(value))
    return {TAG: len(_apart.parts[-1])}


_encode = encoder_with(_set_bytes_apart)
# How each part begins in JSON, and no text in it: a quotation mark has a backslash before it there.
_LOOKS_TAGGED = '{"boxer.'


def framed(value: object, *, is_long: bool = False) -> bytes:
    """is_long: there are long texts in it. Raises as `json.dumps`, and TypeError for what is
    neither JSON nor bytes."""
    parts: list[bytes] = []
    told = None if is_long else _with_bytes_apart(value, parts)
    if told is None:
        parts.clear()
        told = json.dumps(_set_apart(value, parts, 0), separators=(",", ":"))
    return b"".join((_SIZE.pack(len(told)), told.encode("ascii"), *parts))


def _with_bytes_apart(value: object, parts: list[bytes]) -> str | None:
    """None: there are also long texts in it, or dicts that look like what stands for parts."""
    _apart.parts = parts
    try:
        told = _encode(value)
    finally:
        del _apart.parts
    if told.count(_LOOKS_TAGGED) != len(parts):
        return None
    return None if len(told) >= LONG and has_long_text((value,)) else told


def unframed(data: memoryview, room: int | None) -> Any:
    """room: bytes it may take here; None: any. Raises ValueError, TooManyError, TooDeepError."""
    (size,) = _SIZE.unpack_from(data)
    text, parts = data[_SIZE.size :][:size], data[_SIZE.size + size :]
    if len(text) != size:
        raise ValueError
    told = bytes(text)
    left = None if room is None else room - len(parts)
    measure(told, left)
    parted = _Parted(parts, left)
    decoder = json.JSONDecoder(object_hook=parted.value)
    try:
        value, end = decoder.scan_once(str(told, "utf-8"), 0)  # type: ignore[attr-defined]
    except StopIteration:
        raise ValueError from None
    if end != size or parted.at != len(parts):
        raise ValueError
    return value


# Beyond it Python's own encoder gives up, too.
_DEEPEST = 900


def _set_apart(value: object, parts: list[bytes], depth: int) -> object:
    if isinstance(value, str):
        if len(value) < LONG:
            return value
        parts.append(value.encode("utf-8", "surrogatepass"))
        return {TEXT: len(parts[-1])}
    if isinstance(value, _BYTES):
        parts.append(value if isinstance(value, bytes) else bytes(value))
        return {TAG: len(parts[-1])}
    if depth > _DEEPEST:
        raise RecursionError("it is nested too deeply, or holds itself")
    if isinstance(value, (list, tuple)):
        return [_set_apart(item, parts, depth + 1) for item in value]
    if isinstance(value, dict):
        held = {key: _set_apart(item, parts, depth + 1) for key, item in value.items()}
        own = next(iter(held)) if len(held) == 1 else None
        return {own: [held[own]]} if own in (TAG, TEXT) else held
    if value is None or isinstance(value, (bool, int, float)):
        return value
    refuse(value)


class _Parted:
    """Puts the parts back where they were, in their order. at: how many bytes are."""

    def __init__(self, parts: memoryview, room: int | None) -> None:
        self.at = 0
        self._parts = parts
        self._room = room

    def value(self, value: dict[str, Any]) -> Any:
        if len(value) != 1:
            return value
        (tag,) = value
        if tag not in (TAG, TEXT):
            return value
        held = value[tag]
        if type(held) is int and 0 <= held <= len(self._parts) - self.at:
            self.at += held
            part = bytes(self._parts[self.at - held : self.at])
            return part if tag == TAG else self._text(part)
        if isinstance(held, list) and len(held) == 1:
            return {tag: held[0]}
        raise ValueError

    def _text(self, part: bytes) -> str:
        # One letter beyond the first 65,536 makes each of them take four bytes.
        if self._room is not None and not part.isascii():
            self._room -= len(part)
            if self._room < 0:
                raise TooManyError
        return part.decode("utf-8", "surrogatepass")
