"""A request and its answer while a machine's call is under way, both as they come.

Belongs here: ASGI's messages of HTTP, to and from a stream's events. Does not: which machine it is
(`machines`), WebSockets.

Invariants
1. Nothing is read of a body before the machine asks, nor of an answer before its client takes it.
2. When the client is gone the machine is told, and ended if it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from boxer.errors import GuestError, LimitReached
from boxer.serving import failures
from boxer.serving.served import WITHOUT_BODY, Served, checked_head, checked_headers, request_id
from boxer.serving.talk import OVER, Stream

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Seconds that a machine has whose client is gone.
GRACE = 1.0
TRAILERS = "http.response.trailers"


class TooLargeError(Exception):
    """The request's body is longer than it may be."""


class Exchange:
    """part, has_more: of the body; has_more: what follows is received here. most: bytes of the
    body. seconds: until the end of an answer that is streamed. begun: called when one begins."""

    def __init__(
        self,
        served: Served,
        stream: Stream,
        request: dict[str, Any],
        receive: Receive,
        send: Send,
        *,
        part: bytes,
        has_more: bool | None,
        most: int,
        seconds: float | None,
        begun: Callable[[], None] = lambda: None,
    ) -> None:
        self._served, self._stream, self._request = served, stream, request
        self._receive, self._send, self._on_begun = receive, send, begun
        self._part, self._has_more = part, has_more
        self._most, self._seconds = most, seconds
        self._timer: asyncio.TimerHandle | None = None
        self._has_begun = self._is_gone = self._is_told = False
        self._left: int | None = None
        self.status = 0

    @property
    def is_streamed(self) -> bool:
        return self._has_begun

    async def run(self) -> None:
        self._wait_for(self._served.pool.limits.time)
        feeding = asyncio.ensure_future(self._feed())
        try:
            await self._tell()
        finally:
            feeding.cancel()
            self._leave()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        stream = self._stream
        if stream.is_over:
            return
        if not stream.talk.is_shared:
            limit = self._served.pool.limits.time
            after = limit if self._is_told and limit is not None else GRACE
            if not self._is_told or limit is not None:
                asyncio.get_running_loop().call_later(after, stream.talk.cancel)
        if not self._is_told:
            stream.leave()

    def _wait_for(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._late)

    def _late(self) -> None:
        """What others do in the machine ends with it: nobody could end one of its requests."""
        self._stream.talk.cancel(LimitReached("time"))

    async def _feed(self) -> None:
        stream, size = self._stream, 0
        if self._has_more is not None:
            part, has_more = self._part, self._has_more
            if not await stream.asked():
                return
            while True:
                size += len(part)
                if size > self._most:
                    self._end(TooLargeError())
                    return
                if part:
                    await stream.put(b"B", part)
                if not has_more:
                    break
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._end(ConnectionError())
                    return
                part, has_more = message.get("body", b""), message.get("more_body", False)
            stream.end_body()
        if (await self._receive())["type"] == "http.disconnect":
            self._end(ConnectionError())

    def _end(self, error: Exception) -> None:
        """Here; the machine is told."""
        self._is_gone = isinstance(error, ConnectionError)
        stream = self._stream
        if not stream.is_over:
            stream.leave()
            if not stream.talk.is_shared:
                asyncio.get_running_loop().call_later(GRACE, stream.talk.cancel)
            stream.feed(OVER, error)

    async def _tell(self) -> None:
        while not self._is_told:
            kind, value = await self._stream.next()
            if kind == OVER:
                await self._over(value)
                return
            if self._is_gone:
                return
            try:
                await self._step(kind, value)
            except GuestError as error:
                self._end(error)
                await self._over(error)
                return

    async def _step(self, kind: bytes, value: Any) -> None:
        if kind == b"S":
            await self._begin(value)
        elif not self._has_begun:
            raise GuestError("ProtocolError", "a body before the answer's head", "")
        elif kind == b"B":
            if self._left is not None:
                self._left -= len(value)
                if self._left < 0:
                    raise GuestError("ProtocolError", "the body is longer than its length says", "")
            await self._send({"type": "http.response.body", "body": value, "more_body": True})
        elif kind == b"H":
            if TRAILERS in self._request.get("extensions", ()) and _are_headers(value):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                await self._send({"type": TRAILERS, "headers": _encoded(value)})
                self._is_told = True
        elif kind == b"E":
            if self._left:
                raise GuestError("ProtocolError", "the body is shorter than its length says", "")
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            self._is_told = True

    async def _begin(self, value: Any) -> None:
        if self._has_begun:
            raise GuestError("ProtocolError", "a second head of an answer", "")
        status, headers, length = checked_head(value)
        self._has_begun = True
        self._on_begun()
        self._wait_for(self._seconds)
        is_bare = status in WITHOUT_BODY or self._request["method"] == "HEAD"
        if length is not None and status not in WITHOUT_BODY:
            headers.append(["content-length", str(length)])
        headers.append(["x-request-id", request_id(self._request)])
        headers += self._stream.headers
        start = {"type": "http.response.start", "status": status, "headers": _encoded(headers)}
        self.status = status
        if not is_bare:
            self._left = length
            if value.get("trailers") and TRAILERS in self._request.get("extensions", ()):
                start["trailers"] = True
            await self._send(start)
            return
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        self._end(ConnectionError())
        self._is_told = True

    async def _over(self, value: Any) -> None:
        if self._is_gone:
            self.status = self.status or 499
            return
        if isinstance(value, TooLargeError):
            if not self._has_begun:
                await self.tell_whole(
                    self._served.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._request)
                )
            return
        if isinstance(value, dict) and not value.get("streamed") and not self._has_begun:
            try:
                answer = self._served.answer_of(value, self._request)
            except GuestError as error:
                answer = self._served.failed(error, self._request)
            await self.tell_whole(answer)
            return
        failure = value if isinstance(value, Exception) else _NO_END
        if not self._has_begun:
            await self.tell_whole(self._served.failed(failure, self._request))
        else:  # the server closes the connection, which is how its client knows
            failures.log(failure, self._request, request_id(self._request))
            self._served.figures.failed(failure)

    async def tell_whole(self, answer: dict[str, Any]) -> None:
        self._is_told = True
        self.status = answer["status"]
        answer["headers"] += self._stream.headers
        await tell_whole(self._send, answer)


_NO_END = GuestError("ProtocolError", "the answer has no end", "")


async def tell_whole(send: Send, answer: dict[str, Any]) -> None:
    headers = _encoded(answer["headers"])
    await send({"type": "http.response.start", "status": answer["status"], "headers": headers})
    await send({"type": "http.response.body", "body": answer["body"]})


def _encoded(headers: list[list[str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _are_headers(value: Any) -> bool:
    try:
        return isinstance(value, list) and checked_headers(value)
    except (TypeError, ValueError):
        return False
