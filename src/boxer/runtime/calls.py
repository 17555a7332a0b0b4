"""Calls of a guest's functions: requests written, replies read.

Belongs here: the host's half of guest/python/_boxer_calls.py. Does not: machines.

Invariants
1. What comes from a guest is data: JSON read with Python's own reader, never code or pickle.
2. A reply that is not what the protocol says is the guest's error, whatever its bytes are.
3. A reply is measured before it is read (`replies`): what is made of it stays within the limit.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NoReturn

from boxer.errors import CallDataError, GuestError, GuestExitedError, LimitReached
from boxer.runtime.entry import Outcome
from boxer.runtime.frames import LONG, encoder_with, framed, has_long_text, refuse, unframed
from boxer.runtime.replies import DEEPEST, TooDeepError, TooManyError, measure


class _HasBytesError(Exception):
    pass


def _notice(value: object) -> NoReturn:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _HasBytesError
    refuse(value)


_encode = encoder_with(_notice)
_strictly = encoder_with(refuse, is_strict=True)
_quoted = json.encoder.encode_basestring_ascii
scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def request_head(function: str) -> bytes:
    """How each request begins that calls `module:function`, up to its arguments in JSON."""
    return f'c{{"f":{_quoted(function)},"a":'.encode("ascii")


def call_request(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """The request that calls `module:function`. Raises `CallDataError` for data that is not JSON or
    bytes."""
    try:
        try:
            for value in args:
                kind = type(value)
                if kind is bytes or (kind is str and len(value) >= LONG):
                    return _framed_request(function, args, kwargs, is_long=kind is str)
            given, named = _encode(args), _encode(kwargs) if kwargs else "{}"
        except _HasBytesError:
            return _framed_request(function, args, kwargs)
        if len(given) + len(named) >= LONG and has_long_text((*args, *kwargs.values())):
            return _framed_request(function, args, kwargs, is_long=True)
        return f'c{{"f":{_quoted(function)},"a":{given},"k":{named}}}'.encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise CallDataError(
            f"An argument of `{function}` is not plain data: {error}.",
            hint="Pass None, bool, int, float, str, bytes, and lists and dicts of them.",
        ) from None


def data_request(
    function: str, data: Any, convert: Callable[[Any], Any], others: tuple[Any, ...]
) -> bytes:
    """As `call_request` with data, which `convert` makes plain data of where it is more than JSON,
    and other arguments."""
    try:
        given = _strictly((data, *others))
        if len(given) < LONG:
            return f'c{{"f":{_quoted(function)},"a":{given},"k":{{}}}}'.encode("ascii")
    except (TypeError, ValueError, RecursionError):
        pass  # what it is, is said by what converts it
    return call_request(function, (convert(data), *others), {})


def _framed_request(
    function: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_long: bool = False
) -> bytes:
    return b"t" + framed({"f": function, "a": args, "k": kwargs}, is_long=is_long)


def execute_request(source: str) -> bytes:
    """The request that runs source text in `__main__`."""
    return b"x" + source.encode("utf-8", "surrogateescape")


def prepare_request(modules: list[str], functions: list[str]) -> bytes:
    """The request that imports modules, finds functions and makes the machine used to calls."""
    return b"i" + json.dumps({"modules": modules, "functions": functions}).encode()


def read_request(request: bytes, room: int) -> tuple[str, list[Any], dict[str, Any]]:
    """What a guest asks of its host: a function's name, its arguments. room: bytes it may take.
    Raises `ValueError`, whatever the bytes are."""
    try:
        if request[:1] == b"t":
            told = unframed(memoryview(request)[1:], room)
        elif request[:1] == b"c":
            if len(request) > DEEPEST:
                measure(request, room)
            text = str(request, "utf-8")
            told, end = scan(text, 1)
            if end != len(text):
                raise ValueError
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
    except (ValueError, KeyError, TypeError, RecursionError, StopIteration, struct.error):
        raise ValueError("the request cannot be read") from None


def reply_to(result: Any, room: int) -> bytes:
    """A reply to a guest that has asked. Raises `CallDataError` for what is no plain data, or more
    than `room` bytes."""
    try:
        try:
            reply = b"=" + _encode(result).encode()
        except _HasBytesError:
            reply = b"~" + framed(result)
    except (TypeError, ValueError, RecursionError) as error:
        raise CallDataError(f"A host's function returned no plain data: {error}.") from None
    if len(reply) > room:
        raise CallDataError(f"A host's function returned more than `{room}` bytes.")
    return reply


def reply_with_error(kind: str, message: str) -> bytes:
    """A reply that raises an error in the guest."""
    return b"!" + json.dumps({"type": kind, "message": message, "traceback": ""}).encode()


def read_reply(reply: bytes | memoryview, room: int | None) -> Any:
    """A call's result, which holds nothing of the reply. room: bytes it may take in this process;
    None: any.

    Raises `GuestError` for what the function raised, `GuestExitedError`, `LimitReached`.
    """
    try:
        if reply[:1] == b"~":
            return unframed(memoryview(reply)[1:], room)
        reply = bytes(reply)
        measure(reply, room)
        if reply[:1] == b"=":
            return _loaded(str(reply, "utf-8", "surrogatepass"), 1)
        tagged = reply[:1] == b"!" and reply[1:2] != b"{"  # with long texts
        told = unframed(memoryview(reply)[1:], room) if tagged else json.loads(reply[1:])
        return _read(reply[:1], told)
    except TooManyError:
        raise LimitReached("output") from None
    except TooDeepError as error:
        raise GuestError("ProtocolError", str(error), "") from None
    except (ValueError, KeyError, TypeError, RecursionError, struct.error):
        raise GuestError("ProtocolError", "the box's reply cannot be read", "") from None


def read_brief(text: str) -> Any:
    """The result whose JSON it is. Raises `GuestError`."""
    try:
        value, end = scan(text, 0)
        if end == len(text):
            return value
    except (ValueError, StopIteration, RecursionError):
        pass
    raise GuestError("ProtocolError", "the box's reply cannot be read", "")


def _loaded(text: str, start: int) -> Any:
    """The JSON that begins there and ends with the text: as the guest's encoder writes it."""
    try:
        value, end = scan(text, start)
    except StopIteration:
        raise ValueError from None
    if end != len(text):
        raise ValueError
    return value


def _read(kind: bytes, told: Any) -> Any:
    if kind == b"e" and type(told["code"]) is int:
        raise GuestExitedError(told["code"] & 0xFF)
    parts = [told[name] for name in ("type", "message", "traceback")]
    if kind == b"!" and all(isinstance(part, str) for part in parts):
        raise GuestError(*parts)
    raise ValueError


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
