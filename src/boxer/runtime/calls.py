"""Calls of a guest's functions: requests written, replies read.

Belongs here: the host's half of guest/python/_boxer_calls.py. Does not: machines.

Invariants
1. What comes from a guest is data: JSON read with Python's own reader, never code or pickle.
2. A reply that is not what the protocol says is the guest's error, whatever its bytes are.
3. A reply is measured before it is read (`replies`): what is made of it stays within the limit.

In tagged JSON bytes are {TAG: base64}, and the user's own {TAG: value} is {TAG: [value]}.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from boxer.errors import CallDataError, GuestError, GuestExitedError, LimitReached
from boxer.runtime.entry import Outcome
from boxer.runtime.replies import TooDeepError, TooManyError, measure

TAG = "boxer.bytes"


class _HasBytesError(Exception):
    pass


def _refuse(value: object) -> None:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _HasBytesError
    raise TypeError(type(value).__name__)


_encode = json.JSONEncoder(default=_refuse, separators=(",", ":")).encode


def call_request(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """The request that calls `module:function`. Raises `CallDataError` for data that is not JSON or
    bytes."""
    request = {"f": function, "a": args, "k": kwargs}
    try:
        try:
            return b"c" + _encode(request).encode()
        except _HasBytesError:
            tagged = {"f": function, "a": _tagged(args), "k": _tagged(kwargs)}
            return b"b" + _encode(tagged).encode()
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


def read_reply(reply: bytes, room: int | None) -> Any:
    """A call's result. room: bytes it may take in this process; None: any.

    Raises `GuestError` for what the function raised, `GuestExitedError`, `LimitReached`.
    """
    try:
        measure(reply, room)
        return _read(reply[:1], reply[1:])
    except TooManyError:
        raise LimitReached("output") from None
    except TooDeepError as error:
        raise GuestError("ProtocolError", str(error), "") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise GuestError("ProtocolError", "the box's reply cannot be read", "") from None


def _read(kind: bytes, data: bytes) -> Any:
    if kind == b"=":
        return json.loads(data)
    if kind == b"~":
        return json.loads(data, object_hook=_untagged)
    told = json.loads(data)
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


def _tagged(value: object) -> object:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {TAG: base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        tagged = {key: _tagged(item) for key, item in value.items()}
        return {TAG: [tagged[TAG]]} if len(tagged) == 1 and TAG in tagged else tagged
    return value


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) != 1 or TAG not in value:
        return value
    held = value[TAG]
    if isinstance(held, str):
        return base64.b64decode(held, validate=True)
    if isinstance(held, list) and len(held) == 1:
        return {TAG: held[0]}
    raise ValueError
