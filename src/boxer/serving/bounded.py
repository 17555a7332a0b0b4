"""uvicorn's HTTP protocol, with bounds for heads of requests.

Belongs here: how large a head may be, how long it may take, what of it the application sees. Does
not: bodies (`application`).

Invariants
1. What a connection holds before a request's head is whole is MOST_HEAD bytes and one read's.
2. Fields behind a body (trailers) are never among the request's headers (RFC 9110 section 6.5.1):
   who stands in front may have looked at those alone.
"""

from __future__ import annotations

from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# Bytes of a request's line and headers, as most servers have it; beyond it 431 (RFC 6585).
MOST_HEAD = 64 << 10
# Seconds for them, from the connection's beginning or their first byte; beyond it 408.
HEAD_TIME = 30.0
# Seconds for a client to read why it was refused, while what it still sends is thrown away: a
# connection that is closed with bytes unread takes the answer along (RFC 9112 section 9.6).
LINGER = 2.0


class _TooLargeError(Exception):
    pass


class BoundedProtocol(HttpToolsProtocol):
    """The first in the order of its classes: what others make of a request is behind this."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._head_bytes = self._unparsed = 0
        self._is_too_large = self._is_refused = False
        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_TIME, self._waited)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._unparsed += len(data)
        super().data_received(data)
        if not self._in_head:
            self._stop_timer()
        elif self._unparsed > MOST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIME, self._waited)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = self._unparsed = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """uvicorn's, for whatever its parser or a callback of it raised."""
        self._in_head = False
        if self._is_too_large:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._head_bytes += size + 4
        if self._head_bytes > MOST_HEAD:
            self._is_too_large = True
            raise _TooLargeError

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _waited(self) -> None:
        self._head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            # It may be us who do not read.
            self._head_timer = self.loop.call_later(HEAD_TIME, self._waited)
        elif self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:  # nothing came
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """An answer, unless another one is under way, and the end of the connection."""
        self._in_head = False
        self._is_refused = True
        self._stop_timer()
        if self.cycle is None or self.cycle.response_complete:
            text = f"{status.phrase}\n".encode()
            self.transport.write(
                STATUS_LINE[status.value] + b"content-type: text/plain; charset=utf-8\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(text), text)
            )
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._head_timer = self.loop.call_later(LINGER, self.transport.close)
        else:
            self.transport.close()
