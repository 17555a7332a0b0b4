"""Functions over HTTP: `boxer fn run --serve`.

    POST /NAME (or /)    JSON in, JSON out; {"error", "message", "errors"} otherwise
    GET /openapi.json    what there is
    GET /healthz         200

A function of Scale's signature for HTTP gets each request itself, whatever its method and path,
and what it makes of its response is sent.

Belongs here: requests as calls. Does not: HTTP itself (uvicorn), JSON as arguments (`jsondoor`).

Invariant: a request's body is bounded before it is read, and its answer by the limit of output.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from boxer.errors import (
    BoxerError,
    ChainError,
    FunctionError,
    FunctionInputError,
    GuestError,
    LimitReached,
)
from boxer.functions.calling import Function, Reply
from boxer.functions.chaining import Chain
from boxer.functions.documents import openapi
from boxer.functions.jsondoor import as_json, read_arguments
from boxer.functions.scalehttp import Response, http_parameter, request_of, response_of
from boxer.runtime import require_port

MOST_BODY = 16 << 20
logger = logging.getLogger("boxer.functions")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class HttpDoor:
    """An ASGI 3.0 application of one function or chain."""

    def __init__(self, function: Function | Chain, name: str, threads: int) -> None:
        self._function, self._name = function, name
        self._executor = ThreadPoolExecutor(threads, "boxer-function")
        self._paths = {"/", f"/{name}"}
        self._parameter = http_parameter(function.signature)
        self._openapi = json.dumps(openapi({name: function.signature}, name)).encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            self._executor.shutdown()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        headers = [(b"content-type", b"application/json")]
        if self._parameter is not None:
            status, body, headers = await self._answer_itself(scope, receive)
        else:
            status, body = await self._answer(scope, receive)
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        sent = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": sent})

    async def _answer_itself(self, scope: Message, receive: Receive) -> Response:
        body = await _body(receive)
        if body is None:
            return _refused(413, "too-large", f"A body has {MOST_BODY} bytes at most.")
        given = {str(self._parameter): {"Request": request_of(scope, body)}}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, self._call_itself, given, _traceparent(scope)
        )

    def _call_itself(self, given: dict[str, Any], traceparent: str | None) -> Response:
        try:
            told = self._function.call(given, traceparent=traceparent)
            return response_of(told.value if isinstance(told, Reply) else told)
        except ValueError as error:
            logger.error("%s: no response of HTTP: %s", self._name, error)
            return _refused(500, "no-response", f"The function gave no response: {error}.")
        except BoxerError as error:
            return *self._failure(error), [(b"content-type", b"application/json")]

    async def _answer(self, scope: Message, receive: Receive) -> tuple[int, bytes]:
        path, method = scope["path"], scope["method"]
        if path in ("/openapi.json", "/healthz") and method in ("GET", "HEAD"):
            return 200, self._openapi if path == "/openapi.json" else b'{"status":"ok"}'
        if path not in self._paths:
            return _problem(404, "not-found", "There is no such function.")
        if method != "POST":
            return _problem(405, "method-not-allowed", "A function is called with POST.")
        body = await _body(receive)
        if body is None:
            return _problem(413, "too-large", f"A body has {MOST_BODY} bytes at most.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._call, body, _traceparent(scope))

    def _call(self, body: bytes, traceparent: str | None) -> tuple[int, bytes]:
        try:
            given = read_arguments(self._name, body or b"{}", self._function.signature)
            told = self._function.call(given, traceparent=traceparent)
            value = told.value if isinstance(told, Reply) else told
            return 200, json.dumps(as_json(value), separators=(",", ":")).encode()
        except BoxerError as error:
            return self._failure(error)

    def _failure(self, error: BoxerError) -> tuple[int, bytes]:
        if isinstance(error, FunctionInputError):
            errors = [{"path": path, "message": message} for path, message in error.errors]
            return _problem(422, error.reference, error.message, errors=errors)
        if isinstance(error, LimitReached):
            return _problem(504 if error.limit in ("time", "cpu") else 500, "limit", error.message)
        if isinstance(error, GuestError):
            logger.error("%s: %s: %s", self._name, error.type, error.text)
            return _problem(500, error.type, error.text)
        logger.error("%s", error)
        if isinstance(error, ChainError):
            return _problem(500, error.reference, error.message.partition("\n")[0])
        return _problem(500, error.reference, "The function could not be called.")


def _traceparent(scope: Message) -> str | None:
    found = (value.decode("latin-1") for key, value in scope["headers"] if key == b"traceparent")
    return next(found, None)


def _refused(status: int, error: str, message: str) -> Response:
    return *_problem(status, error, message), [(b"content-type", b"application/json")]


async def _body(receive: Receive) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _problem(status: int, error: str, message: str, **more: Any) -> tuple[int, bytes]:
    return status, json.dumps({"error": error, "message": message, **more}).encode()


def serve_function(
    function: Function | Chain, name: str, host: str, port: int, threads: int = 16
) -> None:
    """Serves until it is told to end (SIGTERM, SIGINT).

    Raises `FunctionError`, `PortTakenError`.
    """
    try:
        import httptools  # noqa: F401 - uvicorn's parser
        import uvicorn
    except ImportError as error:
        raise FunctionError(
            f"`--serve` needs the package {error.name}, which is not installed.",
            hint="pip install 'boxer[serve]'",
        ) from None
    require_port(host, port)
    application = HttpDoor(function, name, threads)
    config = uvicorn.Config(
        application, host=host, port=port, http="httptools", ws="none", lifespan="on",
        server_header=False, access_log=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise FunctionError(f"{host}:{port} cannot be listened on.")
