"""A WebSocket between a client and a box's own server (RFC 6455, ASGI's WebSocket messages).

Belongs here: both handshakes, messages both ways, how it ends. Does not: the frames, which
`websockets` reads and writes, here as in the server in front.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidMessage
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from boxer.serving.exchange import Message, Receive, Send
from boxer.serving.served import HOP_BY_HOP, plain_answer
from boxer.serving.upstream import PART, target_of
from boxer.serving.websocket import ABNORMAL, GOING_AWAY, NO_STATUS, refuse

MOST_MESSAGE = 16 << 20
INVALID_DATA = 1007  # RFC 6455, section 7.4.1


async def tunnel(
    path: str,
    scope: Message,
    receive: Receive,
    send: Send,
    first: float | None,
    longest: float | None,
) -> None:
    """path: of the server's socket. first: seconds until it answers; longest: that it lasts."""
    from boxer.serving.forwarding import forwarded

    await receive()
    headers = forwarded(scope, "", is_chunked=False)
    uri = parse_uri("ws://localhost" + target_of(scope).decode("latin-1"))
    names = [Subprotocol(name) for name in scope.get("subprotocols") or ()]
    protocol = ClientProtocol(uri, subprotocols=names or None, max_size=MOST_MESSAGE)
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=PART)
    except OSError:
        await _refuse(send, scope, 503)
        return
    link = _Link(protocol, reader, writer, receive, send)
    try:
        async with asyncio.timeout(longest):
            if await link.shake_hands(headers, first):
                await link.run()
            else:
                await _refuse(send, scope, link.status)
    except TimeoutError:
        await link.leave(GOING_AWAY, "time")
    except OSError:  # the server has reset the connection
        await link.leave(ABNORMAL, "")
    finally:
        writer.transport.abort()


async def _refuse(send: Send, scope: Message, status: int) -> None:
    from http import HTTPStatus

    known = status if status in set(HTTPStatus) else 502
    await refuse(send, {"headers": [], **scope}, plain_answer(HTTPStatus(known)))


class _Link:
    def __init__(
        self,
        protocol: ClientProtocol,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        receive: Receive,
        send: Send,
    ) -> None:
        self._protocol, self._reader, self._writer = protocol, reader, writer
        self._receive, self._send = receive, send
        self._parts: list[bytes] = []
        self._is_text = self._is_left = False
        self.status = 502

    async def shake_hands(self, headers: list[tuple[bytes, bytes]], first: float | None) -> bool:
        """Whether the server agrees; else its status."""
        request = self._protocol.connect()
        del request.headers["Host"]
        for name, value in headers:
            text = name.decode("latin-1")
            if not text.startswith("sec-websocket-") and text not in HOP_BY_HOP | {"x-request-id"}:
                request.headers[text] = value.decode("latin-1")
        self._protocol.send_request(request)
        try:
            async with asyncio.timeout(first):
                while True:
                    await self._flush()
                    for event in self._protocol.events_received():
                        if isinstance(event, Response):
                            return await self._answered(event)
                    error = self._protocol.handshake_exc
                    if error is not None or not await self._read():
                        return False
        except (TimeoutError, OSError, InvalidHandshake, InvalidMessage):
            return False

    async def _answered(self, response: Response) -> bool:
        if self._protocol.handshake_exc is not None:
            self.status = response.status_code if response.status_code >= 400 else 502
            return False
        kept = [
            [name.lower().encode("latin-1"), value.encode("latin-1")]
            for name, value in response.headers.raw_items()
            if not name.lower().startswith("sec-websocket-") and name.lower() not in HOP_BY_HOP
        ]
        await self._send({
            "type": "websocket.accept", "subprotocol": self._protocol.subprotocol, "headers": kept,
        })  # fmt: skip
        return True

    async def run(self) -> None:
        feeding = asyncio.ensure_future(self._feed())
        try:
            while not self._is_left:
                for event in self._protocol.events_received():
                    if isinstance(event, Frame):
                        await self._heard(event)
                await self._flush()
                if not self._is_left and not await self._read():
                    await self.leave(ABNORMAL, "")
        finally:
            feeding.cancel()

    async def _heard(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is not Opcode.CONT:
                self._is_text = frame.opcode is Opcode.TEXT
            self._parts.append(bytes(frame.data))
            if frame.fin:
                data = b"".join(self._parts)
                self._parts.clear()
                try:
                    told: Any = {"text": data.decode()} if self._is_text else {"bytes": data}
                except UnicodeDecodeError:
                    await self.leave(INVALID_DATA, "")
                    return
                await self._send({"type": "websocket.send", **told})
        elif frame.opcode is Opcode.CLOSE:
            close = self._protocol.close_rcvd
            await self.leave(close.code if close else NO_STATUS, close.reason if close else "")

    async def leave(self, code: int, reason: str) -> None:
        """Tells the client, once."""
        if not self._is_left:
            self._is_left = True
            told = 1000 if code == NO_STATUS else 1011 if code == ABNORMAL else code
            await self._send({"type": "websocket.close", "code": told, "reason": reason})

    async def _feed(self) -> None:
        """What the client says; a server that has gone shows where it is read."""
        with suppress(OSError):
            await self._pass_on()

    async def _pass_on(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._is_left = True
                code = message.get("code") or 1000
                self._protocol.send_close(code if code not in (NO_STATUS, ABNORMAL) else 1001)
                await self._flush()
                self._writer.close()
                return
            if message.get("text") is not None:
                self._protocol.send_text(message["text"].encode())
            else:
                self._protocol.send_binary(message["bytes"])
            await self._flush()

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
        await self._writer.drain()

    async def _read(self) -> bool:
        data = await self._reader.read(PART)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        return bool(data)
