"""Calls of a guest's functions: requests written, replies read.

Belongs here: the host's half of guest/python/_boxer_calls.py. Does not: machines.

Invariants
1. What comes from a guest is data: JSON read with Python's own reader, never code or pickle.
2. A reply that is not what the protocol says is the guest's error, whatever its bytes are.
3. A reply is measured before it is read (`replies`): what is made of it stays within the limit.

Data with bytes in it is tagged: four bytes with the size of its JSON (little-endian), the JSON, and
one after the other all bytes in it, each of which is {TAG: size} there; the user's own {TAG: value}
is {TAG: [value]}.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn

from boxer.errors import CallDataError, GuestError, GuestExitedError, LimitReached
from boxer.runtime.entry import Outcome
from boxer.runtime.replies import TooDeepError, TooManyError, measure

TAG = "boxer.bytes"


_SIZE = struct.Struct("<I")


def _refuse(value: object) -> NoReturn:
    raise TypeError(type(value).__name__)


class _HasBytesError(Exception):
    pass


def _notice(value: object) -> NoReturn:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _HasBytesError
    _refuse(value)


_encode = json.JSONEncoder(default=_notice, separators=(",", ":")).encode


def call_request(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """The request that calls `module:function`. Raises `CallDataError` for data that is not JSON or
    bytes."""
    request = {"f": function, "a": args, "k": kwargs}
    try:
        try:
            return b"c" + _encode(request).encode()
        except _HasBytesError:
            return b"b" + _tagged(request)
    except (TypeError, ValueError, RecursionError) as error:
        raise CallDataError(
            f"An argument of `{function}` is not plain data: {error}.",
            hint="Pass None, bool, int, float, str, bytes, and lists and dicts of them.",
        ) from None


def execute_request(source: str) -> bytes:
    """The request that runs source text in `__main__`."""
    return b"x" + source.encode("utf-8", "surrogateescape")


def prepare_request(modules: list[str]) -> bytes:
    """The request that imports modules and makes the machine used to calls."""
    return b"i" + json.dumps({"modules": modules}).encode()


def read_request(request: bytes, room: int) -> tuple[str, list[Any], dict[str, Any]]:
    """What a guest asks of its host: a function's name, its arguments. room: bytes it may take.
    Raises `ValueError`, whatever the bytes are."""
    try:
        if request[:1] == b"b":
            told = _read_tagged(memoryview(request)[1:], room)
        elif request[:1] == b"c":
            measure(request, room)
            told = json.loads(request[1:])
        else:
            raise ValueError
        name, args, kwargs = told["f"], told["a"], told["k"]
        if not (isinstance(name, str) and isinstance(args, list) and isinstance(kwargs, dict)):
            raise ValueError
        return name, args, kwargs
    except TooManyError:
        raise ValueError("the request is too large") from None
    except TooDeepError as error:
        raise ValueError(str(error)) from None
    except (ValueError, KeyError, TypeError, RecursionError, struct.error):
        raise ValueError("the request cannot be read") from None


def reply_to(result: Any, room: int) -> bytes:
    """A reply to a guest that has asked. Raises `CallDataError` for what is no plain data, or more
    than `room` bytes."""
    try:
        try:
            reply = b"=" + _encode(result).encode()
        except _HasBytesError:
            reply = b"~" + _tagged(result)
    except (TypeError, ValueError, RecursionError) as error:
        raise CallDataError(f"A host's function returned no plain data: {error}.") from None
    if len(reply) > room:
        raise CallDataError(f"A host's function returned more than `{room}` bytes.")
    return reply


def reply_with_error(kind: str, message: str) -> bytes:
    """A reply that raises an error in the guest."""
    return b"!" + json.dumps({"type": kind, "message": message, "traceback": ""}).encode()


def read_reply(reply: bytes, room: int | None) -> Any:
    """A call's result. room: bytes it may take in this process; None: any.

    Raises `GuestError` for what the function raised, `GuestExitedError`, `LimitReached`.
    """
    try:
        if reply[:1] == b"~":
            return _read_tagged(memoryview(reply)[1:], room)
        measure(reply, room)
        return _read(reply[:1], reply[1:])
    except TooManyError:
        raise LimitReached("output") from None
    except TooDeepError as error:
        raise GuestError("ProtocolError", str(error), "") from None
    except (ValueError, KeyError, TypeError, RecursionError, struct.error):
        raise GuestError("ProtocolError", "the box's reply cannot be read", "") from None


def _read(kind: bytes, data: bytes) -> Any:
    if kind == b"=":
        return json.loads(data)
    told = json.loads(data)
    if kind == b"e" and type(told["code"]) is int:
        raise GuestExitedError(told["code"] & 0xFF)
    parts = [told[name] for name in ("type", "message", "traceback")]
    if kind == b"!" and all(isinstance(part, str) for part in parts):
        raise GuestError(*parts)
    raise ValueError


def _read_tagged(data: memoryview, room: int | None) -> Any:
    (size,) = _SIZE.unpack_from(data)
    text, parts = data[_SIZE.size :][:size], data[_SIZE.size + size :]
    if len(text) != size:
        raise ValueError
    told = bytes(text)
    measure(told, None if room is None else room - len(parts))
    untagged = _Untagged(parts)
    value = json.loads(told, object_hook=untagged.value)
    if untagged.at != len(parts):
        raise ValueError
    return value


def reply_of(outcome: Outcome) -> bytes:
    """The reply of an entry that came back, if it has one; raises what it came to otherwise."""
    exit_status = outcome.exit_status
    if outcome.status == 0:
        return outcome.reply or b""
    output = {"stdout": outcome.stdout, "stderr": outcome.stderr}
    if outcome.status is None and exit_status.limit:
        raise LimitReached(exit_status.limit, **output)
    if exit_status.crash:
        raise GuestError("Crash", exit_status.crash, "", **output)
    if outcome.status is None:
        raise GuestExitedError(exit_status.exit_code, **output)
    told = outcome.stderr.decode("utf-8", "replace").strip() or f"status {outcome.status}"
    raise GuestError("Failure", told, "", **output)


def _tagged(request: object) -> bytes:
    """A request with bytes in it, which are copied once."""
    parts: list[bytes] = []

    def set_apart(value: object) -> object:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            _refuse(value)
        part = value if isinstance(value, bytes) else bytes(value)
        parts.append(part)
        return {TAG: len(part)}

    encode = json.JSONEncoder(default=set_apart, separators=(",", ":")).encode
    text = encode(request)
    if text.count(f'"{TAG}"') != len(parts):  # the user's own, too
        parts.clear()
        text = encode(_escaped(request))
    told = text.encode()
    return b"".join((_SIZE.pack(len(told)), told, *parts))


def _escaped(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        escaped = {key: _escaped(item) for key, item in value.items()}
        return {TAG: [escaped[TAG]]} if len(escaped) == 1 and TAG in escaped else escaped
    return value


class _Untagged:
    """Puts the bytes back where they were, in their order. at: how many are."""

    def __init__(self, parts: memoryview) -> None:
        self.at = 0
        self._parts = parts

    def value(self, value: dict[str, Any]) -> Any:
        if len(value) != 1 or TAG not in value:
            return value
        held = value[TAG]
        if type(held) is int and 0 <= held <= len(self._parts) - self.at:
            self.at += held
            return bytes(self._parts[self.at - held : self.at])
        if isinstance(held, list) and len(held) == 1:
            return {TAG: held[0]}
        raise ValueError
