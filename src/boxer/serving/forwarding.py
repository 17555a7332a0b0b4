"""Requests that a box's own server answers, each on a machine of its own.

Belongs here: ASGI's messages, what the server is told of who asks, the end of each. Does not: the
machines (`standing`), the bytes between (`upstream`), WebSockets (`tunnel`).

Invariants
1. A request's machine has seen no other request. It is over when the answer is, or the client has
   gone.
2. No more than `machines` requests whose answer has not begun, and `streams` answers that go on and
   WebSockets, are with machines: who reads slowly keeps nobody waiting.
3. X-Forwarded headers are the server's in front, which believes those of a proxy on this machine.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from boxer.errors import BoxerError
from boxer.serving.exchange import Message, Receive, Send, tell_whole
from boxer.serving.figures import Page
from boxer.serving.log import logger
from boxer.serving.metrics import OwnFigures, text_of_own
from boxer.serving.served import HOP_BY_HOP, plain_answer, request_id
from boxer.serving.standing import Ear, Supervisor, listen_privately
from boxer.serving.turns import Turn, Turns
from boxer.serving.upstream import Upstream, UpstreamError, target_of

REQUEST_ID = b"x-request-id"
# A server that makes variables of headers (PEP 3333) could not tell these with "_" from ours.
NOT_THEIRS = HOP_BY_HOP | {
    "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-request-id",
    "expect",
}  # fmt: skip


@asynccontextmanager
async def waited(turns: Turns, figures: OwnFigures) -> AsyncIterator[Turn]:
    figures.waiting += 1
    try:
        turn = await turns.next()
    finally:
        figures.waiting -= 1
    try:
        yield turn
    finally:
        turn.end()


@contextmanager
def counted(figures: OwnFigures, name: str) -> Iterator[None]:
    setattr(figures, name, getattr(figures, name) + 1)
    try:
        yield
    finally:
        setattr(figures, name, getattr(figures, name) - 1)


class Forwarder:
    """ASGI 3.0. begin: makes the supervisor of a listener. most: bytes of a request. first: seconds
    until an answer begins; longest: that it lasts. metrics, metrics_folder: as
    of an `Application`."""

    def __init__(
        self,
        begin: Callable[[Any], Supervisor],
        *,
        machines: int,
        streams: int,
        most: int,
        first: float | None,
        longest: float | None,
        metrics: str = "",
        metrics_folder: str = "",
    ) -> None:
        self.figures = OwnFigures(machines)
        self._page = Page(metrics, partial(text_of_own, self.figures), metrics_folder)
        self._begin, self._machines = begin, machines
        self._most, self._first, self._longest = most, first, longest
        self._turns, self._streams = Turns(self.figures, machines, streams), streams
        self._path = ""
        # Why it did not start.
        self.failure: BoxerError | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http" if self._page.is_asked(scope):
                await self._page.tell(send)
            case "http":
                await self._answer(scope, receive, self._counted(send))
            case "websocket":
                await self._connect(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)

    async def _connect(self, scope: Message, receive: Receive, send: Send) -> None:
        from boxer.serving.tunnel import refuse_with, tunnel

        if self.figures.streams >= self._streams:
            await receive()
            await refuse_with(send, scope, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        with counted(self.figures, "links"), counted(self.figures, "streams"):
            await tunnel(self._path, scope, receive, send, self._first, self._longest)

    def _counted(self, send: Send) -> Send:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.figures.answers[str(message["status"])] += 1
            await send(message)

        return counting

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        loop = asyncio.get_running_loop()
        stands: asyncio.Future[None] = loop.create_future()

        def tell(error: Exception | None) -> None:
            if not stands.done():
                if error is None:
                    stands.set_result(None)
                else:
                    stands.set_exception(error)

        with tempfile.TemporaryDirectory(prefix="boxer-serve-") as folder:
            self._path = str(Path(folder) / "socket")
            with listen_privately(self._path) as listener, Ear() as ear:

                def ready() -> None:
                    loop.call_soon_threadsafe(tell, None)

                ear.on_ready = ready
                supervisor = self._begin(listener)

                def supervise() -> None:
                    try:
                        supervisor.run(ear)
                    except BoxerError as error:
                        if stands.done():
                            logger.error("%s", error)
                        loop.call_soon_threadsafe(tell, error)

                thread = threading.Thread(target=supervise)
                thread.start()
                try:
                    await stands
                    self._page.begin()
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                    self._page.end()
                except BoxerError as error:
                    self.failure = error
                    await send({"type": "lifespan.startup.failed", "message": error.message})
                finally:
                    ear.tell(supervisor.end)
                    await loop.run_in_executor(None, thread.join)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        pairs = [
            [name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]
        ]
        known = request_id({"headers": pairs})
        length = next((v for n, v in scope["headers"] if n == b"content-length"), None)
        if length is not None and int(length) > self._most:
            await self._refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, known)
            return
        async with waited(self._turns, self.figures) as turn:
            try:
                with counted(self.figures, "open"):
                    async with asyncio.timeout(self._longest):
                        await self._forward(scope, receive, send, known, turn)
            except TimeoutError:  # the server in front closes the connection
                logger.warning("an answer was cut off after %s seconds", self._longest)

    async def _forward(
        self, scope: Message, receive: Receive, send: Send, known: str, turn: Turn
    ) -> None:
        try:
            upstream = await Upstream.open(self._path)
        except OSError:
            await self._refuse(send, HTTPStatus.SERVICE_UNAVAILABLE, known)
            return
        sending = _Sending(upstream, scope, receive, self._most, known)
        task = asyncio.ensure_future(sending.run())
        try:
            await self._tell(scope, upstream, sending, send, known, turn)
        finally:
            task.cancel()
            upstream.close()

    async def _tell(
        self,
        scope: Message,
        upstream: Upstream,
        sending: _Sending,
        send: Send,
        known: str,
        turn: Turn,
    ) -> None:
        begins = asyncio.ensure_future(upstream.head())
        done, _ = await asyncio.wait(
            (begins, sending.ended), timeout=self._first, return_when=asyncio.FIRST_COMPLETED
        )
        if begins not in done:
            begins.cancel()
            if not done:
                logger.warning("no answer after %s seconds: %s", self._first, scope["path"])
                await self._refuse(send, HTTPStatus.GATEWAY_TIMEOUT, known)
            elif sending.is_too_long:
                await self._refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, known)
            return
        try:
            status, headers = begins.result()
        except (UpstreamError, OSError) as error:
            logger.warning("no answer: %s: %s", scope["path"], error)
            await self._refuse(send, HTTPStatus.INTERNAL_SERVER_ERROR, known)
            return
        headers.append((b"x-request-id", known.encode("latin-1")))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        has_more, is_streamed = True, False
        while has_more:
            reading = asyncio.ensure_future(upstream.body())
            await asyncio.wait((reading, sending.ended), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                return
            try:
                part, has_more = reading.result()
            except (UpstreamError, OSError) as error:
                logger.warning("an answer has broken off: %s: %s", scope["path"], error)
                return  # the server in front closes the connection
            if has_more and not is_streamed:
                is_streamed = True
                turn.stream()
            await send({"type": "http.response.body", "body": part, "more_body": has_more})

    async def _refuse(self, send: Send, status: HTTPStatus, known: str) -> None:
        answer = plain_answer(status)
        answer["headers"].append(["x-request-id", known])
        await tell_whole(send, answer)


class _Sending:
    """A request on its way. ended: done when the client has gone, or says too much."""

    def __init__(
        self, upstream: Upstream, scope: Message, receive: Receive, most: int, known: str
    ) -> None:
        self._upstream, self._scope, self._receive = upstream, scope, receive
        self._left, self._known = most, known
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_too_long = False

    async def run(self) -> None:
        try:
            await self._send()
            while (await self._receive())["type"] != "http.disconnect":
                pass
        except OSError:
            return  # the server reads no more: what it answers counts
        if not self.ended.done():
            self.ended.set_result(None)

    async def _send(self) -> None:
        scope, message = self._scope, None
        is_chunked, has_length = announced(scope)
        if not (is_chunked or has_length):  # HTTP/2 may have a body all the same
            message = await self._receive()
            is_chunked = bool(message.get("body") or message.get("more_body"))
        headers = forwarded(scope, self._known, is_chunked)
        await self._upstream.send_head(scope["method"], target_of(scope), headers)
        has_more = True
        while has_more:
            message = message or await self._receive()
            if message["type"] == "http.disconnect":
                self.ended.set_result(None)
                return
            part, has_more = message.get("body", b""), message.get("more_body", False)
            self._left -= len(part)
            if self._left < 0:
                self.is_too_long = True
                self.ended.set_result(None)
                return
            if part:
                await self._upstream.send(part, is_chunked)
            message = None
        if is_chunked:
            await self._upstream.send(b"", True)


def announced(scope: Message) -> tuple[bool, bool]:
    """Whether a body comes in chunks, and whether its length is known: never both."""
    names = {name for name, _ in scope["headers"]}
    is_chunked = b"transfer-encoding" in names
    return is_chunked, b"content-length" in names and not is_chunked


def forwarded(scope: Message, known: str, is_chunked: bool) -> list[tuple[bytes, bytes]]:
    """The headers for the server."""
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name.decode("latin-1").replace("_", "-") not in NOT_THEIRS
        and not (is_chunked and name == b"content-length")
    ]
    if is_chunked:
        kept.append((b"transfer-encoding", b"chunked"))
    client = scope.get("client")
    if client:
        kept.append((b"x-forwarded-for", str(client[0]).encode("latin-1")))
    is_safe = scope["scheme"] in ("https", "wss")
    kept.append((b"x-forwarded-proto", b"https" if is_safe else b"http"))
    kept.append((b"x-request-id", known.encode("latin-1")))
    if scope["type"] == "http":
        kept.append((b"connection", b"close"))
    return kept
