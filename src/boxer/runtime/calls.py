"""Calls of a guest's functions: requests written, replies read.

Belongs here: the host's half of guest/python/_boxer_calls.py. Does not: machines.

Invariants
1. What comes from a guest is data: JSON read with Python's own reader, never code or pickle.
2. A reply that is not what the protocol says is the guest's error, whatever its bytes are.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from boxer.errors import CallDataError, GuestError, GuestExitedError, LimitReached
from boxer.runtime.entry import Outcome

# The key that stands for bytes: {TAG: base64}.
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
        return b"c" + _encode(request).encode()
    except _HasBytesError:
        return b"b" + json.dumps(request, default=_tagged).encode()
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


def read_reply(reply: bytes) -> Any:
    """A call's result. Raises `GuestError` for what the function raised, `GuestExitedError`."""
    kind = reply[:1]
    try:
        if kind == b"=":
            return json.loads(reply[1:])
        if kind == b"~":
            return json.loads(reply[1:], object_hook=_untagged)
        told = json.loads(reply[1:])
        if kind == b"!":
            raise GuestError(str(told["type"]), str(told["message"]), str(told["traceback"]))
        if kind == b"e":
            raise GuestExitedError(int(told["code"]) & 0xFF)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        pass
    raise GuestError("ProtocolError", "the box's reply cannot be read", "")


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
        return {TAG: base64.b64encode(bytes(value)).decode()}
    raise TypeError(f"{type(value).__name__} is not a JSON type")


def _untagged(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[TAG]) if len(value) == 1 and TAG in value else value
