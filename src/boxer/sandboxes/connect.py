"""The Connect protocol's server side, in JSON: what envd's clients speak.

Belongs here: envelopes, errors. Does not: any service.

Source: connectrpc.com/docs/protocol (unary: a POST of JSON; streams: envelopes of a byte of flags,
a u32 with the size in network order, and JSON; the last one has flag 2).
"""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, GuestFileError, LimitReached, MachineBusyError, SandboxError

if TYPE_CHECKING:
    from starlette.responses import Response

_ENVELOPE = struct.Struct(">BI")
_END, LARGEST = 2, 4 << 20

# https://connectrpc.com/docs/protocol#error-codes
STATUS = {
    "canceled": 499, "unknown": 500, "invalid_argument": 400, "deadline_exceeded": 504,
    "not_found": 404, "already_exists": 409, "permission_denied": 403, "resource_exhausted": 429,
    "failed_precondition": 400, "aborted": 409, "unimplemented": 501, "internal": 500,
    "unavailable": 503, "unauthenticated": 401,
}  # fmt: skip


class RpcError(Exception):
    """What a call comes to. code: one of Connect's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_BY_TYPE = {
    "FileNotFoundError": "not_found",
    "ProcessLookupError": "not_found",
    "LookupError": "unauthenticated",
    "FileExistsError": "already_exists",
    "PermissionError": "permission_denied",
    "NotADirectoryError": "invalid_argument",
    "IsADirectoryError": "invalid_argument",
    "OverflowError": "resource_exhausted",
    "BlockingIOError": "resource_exhausted",
    "BrokenPipeError": "failed_precondition",
}


def rpc_error(error: Exception) -> RpcError:
    """What any error of ours is in this protocol."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, GuestFileError):
        return RpcError(_BY_TYPE.get(error.type, "invalid_argument"), error.text)
    if isinstance(error, LimitReached):
        return RpcError("resource_exhausted", str(error))
    if isinstance(error, MachineBusyError):
        return RpcError("failed_precondition", str(error))
    if isinstance(error, SandboxError):
        return RpcError("unavailable", str(error))
    if isinstance(error, BoxerError):
        return RpcError("unavailable", str(error))
    return RpcError("invalid_argument", f"{type(error).__name__}: {error}"[:500])


def unary(message: dict[str, Any]) -> Response:
    """The answer of a call."""
    from starlette.responses import JSONResponse

    return JSONResponse(message)


def failed(error: Exception) -> Response:
    """The answer of a call that failed."""
    from starlette.responses import JSONResponse

    told = rpc_error(error)
    body = {"code": told.code, "message": told.message}
    return JSONResponse(body, status_code=STATUS.get(told.code, 500))


def stream(messages: AsyncIterator[dict[str, Any]]) -> Response:
    """The answer of a call that goes on."""
    from starlette.responses import StreamingResponse

    return StreamingResponse(_enveloped(messages), media_type="application/connect+json")


async def _enveloped(messages: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    end: dict[str, Any] = {}
    try:
        async for message in messages:
            yield _envelope(0, message)
    except Exception as error:  # a stream has no other way to say so
        told = rpc_error(error)
        end = {"error": {"code": told.code, "message": told.message}}
    yield _envelope(_END, end)


def _envelope(flags: int, message: dict[str, Any]) -> bytes:
    data = json.dumps(message, separators=(",", ":")).encode()
    return _ENVELOPE.pack(flags, len(data)) + data


def read_message(body: bytes) -> dict[str, Any]:
    """A request of a unary call. Raises `RpcError`."""
    try:
        message = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise RpcError("invalid_argument", "the request is no JSON") from None
    if not isinstance(message, dict):
        raise RpcError("invalid_argument", "the request is no object")
    return message


def read_messages(body: bytes) -> list[dict[str, Any]]:
    """The requests in envelopes. Raises `RpcError`."""
    found, at = [], 0
    while at < len(body):
        if len(body) - at < _ENVELOPE.size:
            raise RpcError("invalid_argument", "the request is cut short")
        flags, size = _ENVELOPE.unpack_from(body, at)
        at += _ENVELOPE.size
        if flags & 1:
            raise RpcError("unimplemented", "compressed messages")
        if size > LARGEST or at + size > len(body):
            raise RpcError("invalid_argument", "the request is cut short")
        if not flags & _END:
            found.append(read_message(body[at : at + size]))
        at += size
    return found
