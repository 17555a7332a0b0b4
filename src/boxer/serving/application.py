"""An application of a box as an ASGI or WSGI application of this process.

Belongs here: requests and answers as ASGI and WSGI have them. Does not: HTTP itself (`server`), the
machine that answers (`served`).

Invariant: bodies are bounded both ways: the request's here, the answer's by the limit of output.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import responses
from typing import Any

from boxer.runtime import Pool
from boxer.serving.served import Served, plain_answer

MOST_BODY = 16 << 20
# A call is made where the request is read as long as none of the last CALM calls took longer than
# QUICK seconds: handing it to a thread costs half as much again. One that takes longer would keep
# the others waiting.
CALM, QUICK = 64, 0.005
logger = logging.getLogger("boxer.serve")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Application:
    """ASGI 3.0. body_bytes: of a request, at most. Made by `asgi`."""

    def __init__(self, served: Served, body_bytes: int = MOST_BODY) -> None:
        self._served = served
        self._most = body_bytes
        self._executor: ThreadPoolExecutor | None = None
        self._calm = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                # Before it is accepted this is 403 (ASGI).
                logger.warning("a WebSocket to %s: boxer serve has none yet", scope["path"])
                await receive()
                await send({"type": "websocket.close", "code": 1011})

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        if self._executor is not None:
            self._executor.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await self._body(receive)
        if body is None:
            answer = plain_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            answer = await self._called(request_of(scope, body))
        await send(
            {
                "type": "http.response.start",
                "status": answer["status"],
                "headers": [
                    (name.encode("latin-1"), value.encode("latin-1"))
                    for name, value in answer["headers"]
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer["body"]})

    async def _body(self, receive: Receive) -> bytes | None:
        """None: larger than it may be, or its sender is gone."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _called(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._calm >= CALM:
            return self._call(request)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._served.pool.size, "boxer-serve")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._call, request)

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        try:
            return self._served.respond(request)
        finally:
            self._calm = self._calm + 1 if time.perf_counter() - began < QUICK else 0


def asgi(
    pool: Pool,
    app: str,
    *,
    rehearse: Iterable[str] = ("GET /",),
    body_bytes: int = MOST_BODY,
    development: bool = False,
) -> Application:
    """The box's application for an ASGI server of your own.

    pool: of the box; its limits are each request's. app: `module:object` or `module:factory()`.
    rehearse: requests, `METHOD PATH`, that are made once on machines that are thrown away; what
    they import is then part of the image. development: an answer to a request that failed tells
    why. Raises `ServeError` where the box has no such application, or it does not start.
    """
    return Application(Served(pool, app, rehearse, development), body_bytes)


def wsgi(
    pool: Pool, app: str, *, rehearse: Iterable[str] = ("GET /",), body_bytes: int = MOST_BODY
) -> Callable[[dict[str, Any], Callable[..., Any]], list[bytes]]:
    """As `asgi`, for a WSGI server (PEP 3333)."""
    served = Served(pool, app, rehearse)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > body_bytes:
            answer = plain_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            answer = served.respond(_request_of_environ(environ, size))
        status = answer["status"]
        phrase = responses.get(status, "Unknown")
        start_response(f"{status} {phrase}", [(name, value) for name, value in answer["headers"]])
        return [answer["body"]]

    return application


def request_of(scope: Message, body: bytes) -> dict[str, Any]:
    """What the machine is given of an ASGI scope."""
    client, server = scope.get("client"), scope.get("server") or ("localhost", 80)
    path = scope["path"]
    return {
        "method": scope["method"],
        "scheme": scope.get("scheme", "http"),
        "path": path,
        "raw_path": (scope.get("raw_path") or path.encode()).decode("latin-1"),
        "query": scope.get("query_string", b"").decode("latin-1"),
        "version": scope.get("http_version", "1.1"),
        "root_path": scope.get("root_path", ""),
        "headers": [
            [name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]
        ],
        "client": list(client) if client else None,
        "server": [server[0], server[1] or 80],
        "body": body or "",  # text goes the shorter way
    }


def _request_of_environ(environ: dict[str, Any], size: int) -> dict[str, Any]:
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "surrogateescape")
    headers = [
        [name[5:].replace("_", "-").lower(), value]
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append([name.replace("_", "-").lower(), environ[name]])
    address = environ.get("REMOTE_ADDR")
    return {
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path,
        "raw_path": environ.get("RAW_URI", path).partition("?")[0],
        "query": environ.get("QUERY_STRING", ""),
        "version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "root_path": environ.get("SCRIPT_NAME", ""),
        "headers": headers,
        "client": [address, int(environ.get("REMOTE_PORT") or 0)] if address else None,
        "server": [environ["SERVER_NAME"], int(environ["SERVER_PORT"])],
        "body": environ["wsgi.input"].read(size) if size else b"",
    }
