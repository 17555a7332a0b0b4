"""An application of a box as an ASGI or WSGI application of this process.

Belongs here: requests and answers as ASGI has them, and by which way each goes. Does not: HTTP
itself (`server`), the machine that answers (`served`, `machines`), what comes in parts (`exchange`,
`websocket`), WSGI (`gateway`).

Invariants
1. A call is made here, in the event loop, only where it can be given up and made again: nobody
   outside has seen it, and it takes AT_ONCE seconds at most.
2. Bodies are bounded both ways: the request's here, the answer's by the limit of output.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from boxer.runtime import Pool
from boxer.serving.exchange import TRAILERS, Exchange, Message, Receive, Send, tell_whole
from boxer.serving.figures import Page
from boxer.serving.machines import Fresh, Machines, NoRoomError
from boxer.serving.metrics import text_of
from boxer.serving.served import AT_ONCE, Served, is_length
from boxer.serving.shapes import Shapes
from boxer.serving.turns import Turns
from boxer.serving.websocket import DENIAL, WebSocket, refuse

MOST_BODY = 16 << 20
# Bytes of a request's body that is taken whole before its machine begins.
AT_ONCE_BODY = 1 << 18
# Seconds in which that has come, or it is 408.
BODY_TIME = 30.0
# Bytes of a body that is told as text.
SHORT = 4096
# Seconds that an answer that is streamed may last, and a WebSocket.
LONGEST = 3600.0


class Application:
    """ASGI 3.0. body_bytes: of a request, and of a WebSocket's message, at most. streams: answers
    that are streamed at once, and WebSockets. metrics: a path that is ours; metrics_folder: where
    several workers find each other's. at_once: requests whose
    answer has not begun. Made by `asgi`."""

    def __init__(
        self,
        served: Served,
        body_bytes: int = MOST_BODY,
        *,
        streams: int | None = None,
        longest: float | None = LONGEST,
        machines: Machines | None = None,
        metrics: str = "",
        metrics_folder: str = "",
        at_once: int | None = None,
    ) -> None:
        self._page = Page(metrics, partial(text_of, served.figures), metrics_folder)
        self._served = served
        self._most, self._longest = body_bytes, longest
        size = served.pool.size
        self._streams = size if streams is None else streams
        self._turns = Turns(served.figures, at_once or size, self._streams)
        self._shapes = Shapes()
        self._fresh = Fresh(served, self._shapes) if machines is None else None
        self._machines: Machines = machines or self._fresh or Fresh(served, self._shapes)
        pool = served.pool
        self._is_apart = pool.can_talk and not pool.reaches_outside and self._fresh is not None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http" if self._page.is_asked(scope):
                await self._page.tell(send)
            case "http":
                await self._answer(scope, receive, send)
            case "websocket":
                await self._connect(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)

    @property
    def served(self) -> Served:
        return self._served

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            self._page.begin()
            await send({"type": "lifespan.startup.complete"})
        self._page.end()
        self._machines.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        length, waits = _announced(scope["headers"])
        way = "refused"
        if length is not None and length > self._most:
            answer = self._served.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not self._served.pool.can_talk:
            answer, way = await self._answer_whole(scope, receive), "thread"
        else:
            part, has_more = b"", True
            if not waits and (length is None or length <= AT_ONCE_BODY):
                try:
                    async with asyncio.timeout(BODY_TIME if length else None):
                        told = await _small_body(receive, AT_ONCE_BODY if length is not None else 0)
                except TimeoutError:
                    await tell_whole(send, self._served.refused(HTTPStatus.REQUEST_TIMEOUT))
                    return
                if told is None:
                    return
                part, has_more = told
            if len(part) > self._most:
                await tell_whole(send, self._served.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                return
            found = None if has_more else self.answer_at_once(scope, part)
            if found is None:
                await self._talk(scope, receive, send, part, has_more, began)
                return
            answer, way = found, "at_once"
        await tell_whole(send, answer)
        self._served.figures.answered(answer["status"], time.perf_counter() - began, way)

    def answer_here(self, scope: Message, body: bytes) -> dict[str, Any] | None:
        """As `answer_at_once`, for a server that has the request whole; counted."""
        if len(body) > self._most or self._page.is_asked(scope):
            return None
        began = time.perf_counter()
        answer = self.answer_at_once(scope, body)
        if answer is not None:
            took = time.perf_counter() - began
            self._served.figures.answered(answer["status"], took, "at_once")
        return answer

    def _request_of(self, scope: Message, body: bytes) -> dict[str, Any]:
        request = request_of(scope, body)
        if self._served.development:
            request["development"] = True
        return request

    def answer_at_once(self, scope: Message, body: bytes) -> dict[str, Any] | None:
        """A whole answer, on this thread; None: it takes longer, or something of the outside, and
        nothing has come of it."""
        if not self._is_apart or not self._shapes.is_quick(scope["method"], scope["path"]):
            return None
        began = time.perf_counter()
        answer, processor = self._served.attempt(self._request_of(scope, body))
        took = time.perf_counter() - began
        self._shapes.note_at_once(scope["method"], scope["path"], processor, took)
        return answer

    async def _talk(
        self,
        scope: Message,
        receive: Receive,
        send: Send,
        part: bytes,
        has_more: bool,
        began: float,
    ) -> None:
        request = self._request_of(scope, b"" if has_more or not self._fresh else part)
        is_fed = has_more or (not self._fresh and bool(part))
        if is_fed:
            request["more_body"] = True
        turn = await self._turns.next()
        try:
            stream = await self._machines.open(request, scope)
        except NoRoomError:
            turn.end()
            refused = self._served.refused(HTTPStatus.SERVICE_UNAVAILABLE, request)
            await tell_whole(send, refused)
            return
        except BaseException:
            turn.end()
            raise
        exchange = Exchange(
            self._served, stream, request, receive, send, part=part,
            has_more=has_more if is_fed else None, most=self._most, seconds=self._longest,
            begun=turn.stream,
        )  # fmt: skip
        try:
            await exchange.run()
        finally:
            turn.end()
            self._machines.done(stream, scope)
        took = time.perf_counter() - began
        self._served.figures.answered(exchange.status, took, "thread" if self._fresh else "living")

    async def _answer_whole(self, scope: Message, receive: Receive) -> dict[str, Any]:
        """Where machines cannot talk: all of it, on a thread."""
        parts: list[bytes] = []
        has_more = True
        while has_more:
            message = await receive()
            parts.append(message.get("body", b""))
            if sum(map(len, parts)) > self._most or message["type"] == "http.disconnect":
                return self._served.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            has_more = message.get("more_body", False)
        request = self._request_of(scope, b"".join(parts))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._served.respond, request)

    async def _connect(self, scope: Message, receive: Receive, send: Send) -> None:
        request = request_of({**scope, "method": "GET"}, b"")
        request["type"] = "websocket"
        request["subprotocols"] = list(scope.get("subprotocols") or ())
        await receive()
        figures = self._served.figures
        if figures.streams >= self._streams or not self._served.pool.can_talk:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            await refuse(send, request, self._served.refused(status, request))
            return
        try:
            stream = await self._machines.open(request, scope)
        except NoRoomError:
            refused = self._served.refused(HTTPStatus.SERVICE_UNAVAILABLE, request)
            await refuse(send, request, refused)
            return
        socket = WebSocket(
            self._served, stream, request, receive, send, most=self._most, seconds=self._longest
        )
        figures.streams += 1
        try:
            await socket.run()
        finally:
            figures.streams -= 1
            self._machines.done(stream, scope)


async def _small_body(receive: Receive, most: int) -> tuple[bytes, bool] | None:
    """What has come of a body once it is whole, or `most` bytes; None: its sender is gone. Who has
    not said how long it is (HTTP/2) may wait for an answer before there is more."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
        has_more = message.get("more_body", False)
        if not has_more or size >= most:
            return parts[0] if len(parts) == 1 else b"".join(parts), has_more


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int | None, bool]:
    """How long the body is to be, and whether nothing of it may be read without need: who sends it
    waits for that, or nobody knows when it comes."""
    length, waits = None, False
    for name, value in headers:
        if name == b"content-length" and is_length(value.decode("latin-1")):
            length = int(value)
        elif name in (b"expect", b"transfer-encoding"):
            waits = True
    return length, waits


def asgi(
    pool: Pool,
    app: str,
    *,
    rehearse: Iterable[str] = ("GET /",),
    body_bytes: int = MOST_BODY,
    development: bool = False,
    longest: float | None = LONGEST,
    keep_rehearsals: bool = False,
) -> Application:
    """The box's application for an ASGI server of your own.

    pool: of the box; its limits are each request's, that of time until its answer begins. app:
    `module:object` or `module:factory()`. rehearse: requests, `METHOD PATH [BODY]`, that are made
    once on machines that are thrown away; what they import is then part of the image.
    keep_rehearsals: all that they leave is: caches, and what else the application keeps.
    body_bytes: of a request, and of a WebSocket's message. development: an answer to a request
    that failed tells why. longest: seconds that a streamed answer or a WebSocket lasts, at most.
    Raises `ServeError` where the box has no such application, or it does not start.
    """
    served = Served(pool, app, rehearse, development, keep_rehearsals=keep_rehearsals)
    return Application(served, body_bytes, longest=longest)


def request_of(scope: Message, body: bytes) -> dict[str, Any]:
    """What the machine is given of an ASGI scope."""
    client, server = scope.get("client"), scope.get("server") or ("localhost", 80)
    path = scope["path"]
    request = {
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
        "body": body if len(body) >= SHORT else body.decode("latin-1"),  # text goes a shorter way
    }
    extensions = scope.get("extensions")
    if extensions:
        known = [name for name in (TRAILERS, DENIAL) if name in extensions]
        if known:
            request["extensions"] = known
    return request


__all__ = ["AT_ONCE", "Application", "asgi", "request_of"]
