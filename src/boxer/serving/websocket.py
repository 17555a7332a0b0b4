"""A WebSocket between a client and a machine (RFC 6455, ASGI's WebSocket messages).

Belongs here: messages both ways, how it begins and ends. Does not: its protocol, which the server
in front speaks, with pings and the size of what comes in.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from boxer.errors import GuestError, LimitReached
from boxer.serving import failures
from boxer.serving.exchange import GRACE, Message, Receive, Send, _are_headers, _encoded
from boxer.serving.served import Served, checked_head, request_id
from boxer.serving.talk import OVER, Stream

DENIAL = "websocket.http.response"
# Close codes, RFC 6455 section 7.4.
GOING_AWAY, NO_STATUS, ABNORMAL, TOO_BIG, INTERNAL, LATER = 1001, 1005, 1006, 1009, 1011, 1013
# Bytes of a reason, section 5.5.
LONGEST_REASON = 123


class WebSocket:
    """most: bytes of a message of the machine's. seconds: it lasts, at most; None: as long as its
    ends like."""

    def __init__(
        self,
        served: Served,
        stream: Stream,
        request: dict[str, Any],
        receive: Receive,
        send: Send,
        *,
        most: int,
        seconds: float | None,
    ) -> None:
        self._served, self._stream, self._request = served, stream, request
        self._receive, self._send, self._most = receive, send, most
        self._parts: list[bytes] = []
        self._size = 0
        self._seconds = seconds
        self._is_accepted = self._is_closed = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        timer = None
        if self._seconds is not None:
            timer = loop.call_later(self._seconds, self._late)
        first = self._served.pool.limits.time
        answer_by = loop.call_later(first, self._not_answered) if first is not None else None
        feeding = asyncio.ensure_future(self._feed())
        try:
            await self._tell()
        finally:
            feeding.cancel()
            for handle in (timer, answer_by):
                if handle is not None:
                    handle.cancel()
            if not self._stream.is_over:
                self._leave(NO_STATUS, "")

    def _late(self) -> None:
        self._stream.feed(OVER, LimitReached("time"))
        self._leave(GOING_AWAY, "time")

    def _not_answered(self) -> None:
        if not self._is_accepted and not self._is_closed:
            self._late()

    def _leave(self, code: int, reason: str) -> None:
        talk = self._stream.talk
        self._stream.talk.write_leave(self._stream.number, code, reason)
        if not talk.is_shared:
            asyncio.get_running_loop().call_later(GRACE, talk.cancel)

    async def _feed(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._is_closed = True
                self._leave(message.get("code") or NO_STATUS, message.get("reason") or "")
                self._stream.feed(OVER, None)
                return
            if message["type"] == "websocket.receive":
                text = message.get("text")
                if text is not None:
                    await self._stream.put(b"T", text.encode())
                else:
                    await self._stream.put(b"Y", message.get("bytes") or b"")

    async def _tell(self) -> None:
        while not self._is_closed:
            kind, value = await self._stream.next()
            if kind == OVER:
                await self._over(value)
                return
            try:
                await self._step(kind, value)
            except GuestError as error:
                await self._over(error)
                return

    async def _step(self, kind: bytes, value: Any) -> None:
        if kind == b"A" and not self._is_accepted:
            await self._accept(value)
        elif kind in (b"t", b"y", b"T", b"Y") and self._is_accepted:
            await self._message(kind, value)
        elif kind == b"X":
            await self._close(*_closing(value))
        elif kind == b"S" and not self._is_accepted:
            await self._deny(value)
        else:
            raise GuestError("ProtocolError", "a message out of turn", "")

    async def _accept(self, told: Any) -> None:
        subprotocol, headers = told.get("subprotocol"), told.get("headers", [])
        if subprotocol is not None and subprotocol not in self._request["subprotocols"]:
            raise GuestError("ProtocolError", "a subprotocol nobody has asked for", "")
        if not _are_headers(headers):
            raise GuestError("ProtocolError", "the headers are no headers", "")
        self._is_accepted = True
        headers = [*headers, ["x-request-id", request_id(self._request)], *self._stream.headers]
        await self._send(
            {
                "type": "websocket.accept",
                "subprotocol": subprotocol,
                "headers": _encoded(headers),
            }
        )

    async def _message(self, kind: bytes, part: bytes) -> None:
        self._size += len(part)
        self._parts.append(part)
        if self._size > self._most:
            raise GuestError("ProtocolError", "a message is longer than it may be", "")
        if kind in (b"t", b"y"):
            return
        data, self._parts, self._size = b"".join(self._parts), [], 0
        message: Message = {"type": "websocket.send"}
        if kind == b"T":
            try:
                message["text"] = data.decode()
            except UnicodeDecodeError:
                raise GuestError("ProtocolError", "a text that is no UTF-8", "") from None
        else:
            message["bytes"] = data
        await self._send(message)

    async def _close(self, code: int, reason: str) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _deny(self, told: Any) -> None:
        """The application answers with HTTP instead."""
        status, headers, _ = checked_head(told)
        body = []
        while (event := await self._stream.next())[0] == b"B":
            body.append(event[1])
            if sum(map(len, body)) > self._most:
                raise GuestError("ProtocolError", "the answer is longer than it may be", "")
        whole = b"".join(body)
        headers.append(["content-length", str(len(whole))])
        await self._refuse({"status": status, "headers": headers, "body": whole})

    async def _refuse(self, answer: dict[str, Any]) -> None:
        await refuse(self._send, self._request, answer)
        self._is_closed = True

    async def _over(self, value: Any) -> None:
        if not isinstance(value, Exception):
            if not self._is_closed and not self._is_accepted:
                await self._refuse(
                    self._served.refused(HTTPStatus.INTERNAL_SERVER_ERROR, self._request)
                )
            elif not self._is_closed:
                await self._close(1000, "")
            return
        if self._is_closed:
            return
        if not self._is_accepted:
            await self._refuse(self._served.failed(value, self._request))
            return
        failures.log(value, self._request, request_id(self._request))
        self._served.figures.failed(value)
        await self._close(GOING_AWAY if isinstance(value, LimitReached) else INTERNAL, "")


async def refuse(send: Send, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """With that answer, where the server can; with 403 otherwise (ASGI)."""
    if DENIAL not in request.get("extensions", ()):
        await send({"type": "websocket.close", "code": INTERNAL})
        return
    start = {"type": f"{DENIAL}.start", "status": answer["status"]}
    await send({**start, "headers": _encoded(answer["headers"])})
    await send({"type": f"{DENIAL}.body", "body": answer["body"]})


def _closing(told: Any) -> tuple[int, str]:
    """A code and a reason that may be sent."""
    code, reason = told.get("code"), told.get("reason")
    is_code = type(code) is int and (
        (1000 <= code <= 1014 and code not in (1004, NO_STATUS, ABNORMAL)) or 3000 <= code <= 4999
    )
    reason = reason if isinstance(reason, str) else ""
    return code if is_code else INTERNAL, reason.encode("utf-8", "replace")[:LONGEST_REASON].decode(
        "utf-8", "ignore"
    )
