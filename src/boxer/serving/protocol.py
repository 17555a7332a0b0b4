"""uvicorn's HTTP protocol, which answers at once what can be: without a task, in one write.

Belongs here: requests that are whole and short, from their bytes to those of their answers. Does
not: which answers are given so (`application`); all other requests go uvicorn's way.

Invariants
1. One request is answered so for each piece of data that comes: who sends many in one piece takes
   turns with others.
2. A request that is not whole in one read is uvicorn's: nothing is held here for it, or for how
   long it takes.
3. What a head may be is looked at before any of this (`bounded`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from boxer.serving.application import AT_ONCE_BODY, Application
from boxer.serving.bounded import BoundedProtocol
from boxer.serving.served import is_length

if TYPE_CHECKING:
    from boxer.serving.exchange import Message

FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto")


class _ShortProtocol(HttpToolsProtocol):
    """whole: the body, so far, of a request that is answered here once it is there."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._application = application_of(self.app)
        self._proxied: Any = None
        if config.proxy_headers:
            self._proxied = ProxyHeadersMiddleware(_nothing, config.forwarded_allow_ips)
        self._whole: bytearray | None = None
        self._is_first = False
        self._length: bytes | None = None
        self._is_forwarded = self._is_chunked = False
        self._quiet_since: float | None = None
        self._defaults: Any = None
        self._default_lines = b""

    def data_received(self, data: bytes) -> None:
        self._is_first = True
        super().data_received(data)
        if self._whole is not None and not self.transport.is_closing():
            self._hand_over()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        if timer is not None:
            timer.cancel()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._length = None
        self._is_forwarded = self._is_chunked = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self.headers.append((name, value))
        if name == b"content-length":
            self._length = value
        elif name == b"transfer-encoding":
            self._is_chunked = True
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name in FORWARDED:
            self._is_forwarded = True

    def on_headers_complete(self) -> None:
        if self._is_for_here():
            self._whole = bytearray()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._whole is None:
            super().on_body(body)
        else:
            self._whole += body

    def on_message_complete(self) -> None:
        if self._whole is None:
            super().on_message_complete()
            return
        answer = self._answer()
        if answer is None:
            self._hand_over()
            super().on_message_complete()
            return
        self._whole = None
        self._write(answer)
        self.on_response_complete()

    # Of how long a connection may be quiet: one timer, which looks when that began, and not one for
    # each request.

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._quiet_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_in(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._quiet_since = None

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._quiet_since is None or self.transport.is_closing():
            return
        left = self._quiet_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self.transport.close()

    def _look_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _is_for_here(self) -> bool:
        is_first, self._is_first = self._is_first, False
        if not is_first or self._application is None or self._is_chunked:
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        if self._length is not None and not _is_short(self._length):
            return False
        return not (
            self.expect_100_continue
            or self.flow.write_paused
            or self.limit_concurrency is not None
            or self.parser.should_upgrade()
        )

    def _hand_over(self) -> None:
        """The request is uvicorn's from here on."""
        body, self._whole = self._whole, None
        super().on_headers_complete()
        if body:
            super().on_body(bytes(body))

    def _answer(self) -> Message | None:
        assert self._application is not None, "`_is_for_here` is asked first"
        scope: Any = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"], scope["query_string"] = url.path, url.query or b""
        if self._is_forwarded and self._proxied is not None:
            _run(self._proxied(scope, None, None))
        return self._application.answer_here(scope, bytes(self._whole or b""))

    def _write(self, answer: Message) -> None:
        scope: Any = self.scope
        status, body = answer["status"], answer["body"]
        if self.access_log:
            self.access_logger.info(
                '%s - "%s %s HTTP/%s" %d', get_client_addr(scope), scope["method"],
                get_path_with_query_string(scope), scope["http_version"], status,
            )  # fmt: skip
        lines = [f"{name.lower()}: {value}\r\n" for name, value in answer["headers"]]
        keep_alive = scope["http_version"] != "1.0" and self.parser.should_keep_alive()
        lines.append("\r\n" if keep_alive else "connection: close\r\n\r\n")
        head = "".join(lines).encode("latin-1")
        sent = b"" if scope["method"] == "HEAD" else body
        self.transport.write(b"".join((STATUS_LINE[status], self._default(), head, sent)))
        if not keep_alive:
            self.transport.close()

    def _default(self) -> bytes:
        """The lines that each answer has; the server makes them anew each second."""
        headers = self.server_state.default_headers
        if headers is not self._defaults:
            self._defaults = headers
            self._default_lines = b"".join(b"%s: %s\r\n" % pair for pair in headers)
        return self._default_lines


class Protocol(BoundedProtocol, _ShortProtocol):
    """Both: bounds first."""


def application_of(app: Any) -> Application | None:
    """The one within what uvicorn has put around it."""
    while app is not None and not isinstance(app, Application):
        app = getattr(app, "app", None)
    return app


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def _run(coroutine: Any) -> None:
    """One that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()


def _is_short(length: bytes) -> bool:
    text = length.decode("latin-1")
    return is_length(text) and int(text) <= AT_ONCE_BODY
