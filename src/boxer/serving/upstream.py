"""One request to a server that listens on a socket of this machine, and its answer (HTTP/1.1).

Belongs here: the connection, what goes out, what comes back in parts. Does not: who asked
(`forwarding`).

Invariants
1. A connection has one request; it is closed behind the answer.
2. What the server says of its connection (RFC 9110 section 7.6.1) goes to nobody else; a body
   without a length ends with the connection, and one that is cut short is an error.
3. An answer is over where its framing says so: what stands behind it, another answer say, is
   nobody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httptools

from boxer.serving.served import HOP_BY_HOP, MOST_STATUS, WITHOUT_BODY

PART = 1 << 16
FINAL = 200  # the first status of an answer after which there is no other
MOST_HEAD = 1 << 18


class UpstreamError(Exception):
    """The server's answer is none, or is cut short."""


class _Answer:
    """What httptools calls. status: of the message under way; is_whole: of the final one."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.size = 0
        self.has_head = self.is_whole = False
        self.status: Callable[[], int] = lambda: 0

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise UpstreamError("another answer")
        self.headers, self.has_head = [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.size += len(name) + len(value) + len(b": \r\n")
        if self.size > MOST_HEAD:
            raise UpstreamError("the head of the answer is too long")
        if not self.has_head:  # else trailers
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, part: bytes) -> None:
        self.parts.append(part)

    def on_message_complete(self) -> None:
        self.is_whole = self.status() >= FINAL


class Upstream:
    """A connection that is open. Raises OSError where there is none."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._answer = _Answer()
        self._parser = httptools.HttpResponseParser(self._answer)
        self._answer.status = self._parser.get_status_code
        self._has_body = True

    @classmethod
    async def open(cls, path: str) -> Upstream:
        return cls(*await asyncio.open_unix_connection(path, limit=PART))

    async def send_head(
        self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        self._has_body = method != "HEAD"
        lines = [method.encode("latin-1") + b" " + target + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in headers]
        self._writer.write(b"\r\n".join([*lines, b"", b""]))
        await self._writer.drain()

    async def send(self, part: bytes, is_chunk: bool) -> None:
        """is_chunk: of a body whose length nobody has said; empty: it is over."""
        if is_chunk:
            part = b"%x\r\n%b\r\n" % (len(part), part)
        self._writer.write(part)
        await self._writer.drain()

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Of the final answer. Raises `UpstreamError`, OSError."""
        while True:
            if self._answer.has_head:
                status = self._parser.get_status_code()
                if status > MOST_STATUS:
                    raise UpstreamError(f"{status} is no status")
                if status >= FINAL:
                    if status in WITHOUT_BODY or not self._has_body:
                        self._answer.is_whole = True
                    kept = [
                        pair
                        for pair in self._answer.headers
                        if pair[0].lower().decode("latin-1") not in HOP_BY_HOP
                    ]
                    return status, kept
            await self._feed()

    async def body(self) -> tuple[bytes, bool]:
        """The next part, and whether more comes. Raises `UpstreamError`, OSError."""
        while not self._answer.parts and not self._answer.is_whole:
            await self._feed()
        if not self._has_body:
            self._answer.parts.clear()
        part = b"".join(self._answer.parts)
        self._answer.parts.clear()
        return part, not self._answer.is_whole

    async def _feed(self) -> None:
        data = await self._reader.read(PART)
        try:
            if data:
                self._parser.feed_data(data)
                return
            if self._answer.has_head and self._lasts_to_the_end():
                self._answer.is_whole = True
                return
        except httptools.HttpParserUpgrade:
            raise UpstreamError("the box's server speaks another protocol, unasked") from None
        except httptools.HttpParserError as error:
            if self._answer.is_whole:
                return
            raise UpstreamError(str(error)) from None
        raise UpstreamError("the box's server has closed the connection before its answer's end")

    def _lasts_to_the_end(self) -> bool:
        names = {name.lower() for name, _ in self._answer.headers}
        return self._parser.get_status_code() >= FINAL and not names & {
            b"content-length",
            b"transfer-encoding",
        }

    def close(self) -> None:
        self._writer.transport.abort()


def target_of(scope: Mapping[str, Any]) -> bytes:
    """What stands in the request line."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path
