"""An application of a box as a WSGI application of this process (PEP 3333).

Belongs here: requests and answers as WSGI has them, on the server's threads, and the event loop
behind them, one in each process. Does not: HTTP, what comes of a request (`application`).

Invariants
1. `wsgi.input` is read, and `start_response` called, on the thread the server has called us on.
2. Of an answer one part is held that the server has not taken; a server that takes no more of it
   (`close`) ends its machine.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from http.client import responses
from queue import SimpleQueue
from typing import Any

from boxer.runtime import Pool
from boxer.serving.application import AT_ONCE_BODY, LONGEST, MOST_BODY, Application
from boxer.serving.exchange import Message
from boxer.serving.served import Served, is_length

# Bytes of a body that are read at a time.
PIECE = 1 << 16
StartResponse = Callable[..., Any]


def wsgi(
    pool: Pool,
    app: str,
    *,
    rehearse: Iterable[str] = ("GET /",),
    body_bytes: int = MOST_BODY,
    development: bool = False,
    longest: float | None = LONGEST,
    keep_rehearsals: bool = False,
) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """As `asgi`, for a WSGI server (PEP 3333): bodies and answers are streamed, WebSockets are not
    there. While the machine waits for more of a body, no more of its answer goes out."""
    served = Served(pool, app, rehearse, development, keep_rehearsals=keep_rehearsals)
    return Gateway(served, body_bytes, longest)


class Gateway:
    """A WSGI application. A server may fork after it was made."""

    def __init__(self, served: Served, body_bytes: int, longest: float | None) -> None:
        self._served, self._most, self._longest = served, body_bytes, longest
        self._beginning = threading.Lock()
        self._application: Application | None = None
        self._process = 0

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        application, loop = self._begun(), _turning.loop()
        scope, body = scope_of(environ), Body(environ)
        if body.left is not None and body.left <= AT_ONCE_BODY:
            whole = body.read_whole()
            answer = application.answer_at_once(scope, whole)
            if answer is not None:
                _start(start_response, answer["status"], answer["headers"])
                return [answer["body"]]
            body = Body({}, whole)
        running = Running(application, scope, body, loop)
        try:
            _start(start_response, *running.head())
        except BaseException:
            running.close()
            raise
        return running

    def _begun(self) -> Application:
        with self._beginning:
            if self._application is None or self._process != os.getpid():
                self._process = os.getpid()
                self._application = Application(self._served, self._most, longest=self._longest)
            return self._application


class _Turning:
    """The event loop of this process, which turns as long as the process lives."""

    def __init__(self) -> None:
        self._beginning = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._beginning:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                run = self._loop.run_forever
                threading.Thread(target=run, name="boxer-wsgi", daemon=True).start()
            return self._loop


_turning = _Turning()


def _forget() -> None:
    """In a forked child, which has none of the threads."""
    global _turning
    _turning = _Turning()


os.register_at_fork(after_in_child=_forget)


class Body:
    """A request's. left: bytes that are to come, None where its end will tell."""

    def __init__(self, environ: dict[str, Any], whole: bytes | None = None) -> None:
        self._whole = whole
        self._input: Any = environ.get("wsgi.input")
        told = environ.get("CONTENT_LENGTH") or ""
        has_end = not is_length(told) and bool(environ.get("wsgi.input_terminated"))
        self.left = None if has_end else int(told) if is_length(told) else 0

    def read(self) -> tuple[bytes, bool]:
        """A part, and whether there is more. Raises what the server raises: its client is gone."""
        if self._whole is not None:
            return self._whole, False
        wanted = PIECE if self.left is None else min(self.left, PIECE)
        part = self._input.read(wanted) if wanted else b""
        if self.left is None:
            return part, bool(part)
        if len(part) < wanted and not part:
            raise ConnectionError("the body is shorter than its length says")
        self.left -= len(part)
        return part, self.left > 0

    def read_whole(self) -> bytes:
        parts = []
        has_more = True
        while has_more:
            part, has_more = self.read()
            parts.append(part)
        return b"".join(parts)


class Running:
    """A request under way in the event loop, and its answer's parts for the server."""

    def __init__(
        self,
        application: Application,
        scope: Message,
        body: Body,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._body, self._loop = body, loop
        self._said: SimpleQueue[tuple[Message | None, asyncio.Future[Any] | None]] = SimpleQueue()
        self._is_whole = False
        self._read_all = False
        self._task: Future[None] = asyncio.run_coroutine_threadsafe(
            self._run(application, scope), loop
        )

    async def _run(self, application: Application, scope: Message) -> None:
        try:
            await application(scope, self._receive, self._send)
        finally:
            self._said.put((None, None))

    async def _receive(self) -> Message:
        """The body's next part; behind its end, nothing: the task is cancelled when the client is
        gone."""
        done: asyncio.Future[Any] = self._loop.create_future()
        if self._read_all:
            await done
        self._said.put(({"type": "read"}, done))
        part, has_more = await done
        self._read_all = not has_more
        return {"type": "http.request", "body": part, "more_body": has_more}

    async def _send(self, message: Message) -> None:
        done: asyncio.Future[Any] = self._loop.create_future()
        self._said.put((message, done))
        await done

    def head(self) -> tuple[int, list[list[str]]]:
        """Status and headers."""
        message, done = self._next()
        if message is None:
            self._task.result()
            raise ConnectionError("the request has no answer")
        self._tell(done)
        pairs = message["headers"]
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in pairs]
        return message["status"], headers

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._is_whole:
            raise StopIteration
        message, done = self._next()
        if message is None:
            self._is_whole = True
            self._task.result()
            raise ConnectionError("the answer has broken off")
        self._is_whole = not message.get("more_body", False)
        self._tell(done)
        return bytes(message.get("body", b""))

    def close(self) -> None:
        """The server wants no more of it."""
        if not self._is_whole:
            self._task.cancel()

    def _next(self) -> tuple[Message | None, asyncio.Future[Any] | None]:
        """What is for the server; until then, what is asked for of the body is read."""
        while True:
            message, done = self._said.get()
            if message is None or message["type"] != "read":
                return message, done
            self._tell(done, self._body.read())

    def _tell(self, done: asyncio.Future[Any] | None, value: Any = None) -> None:
        def tell() -> None:
            if done is not None and not done.done():
                done.set_result(value)

        self._loop.call_soon_threadsafe(tell)


def _start(start_response: StartResponse, status: int, headers: list[list[str]]) -> None:
    phrase = responses.get(status, "Unknown")
    start_response(f"{status} {phrase}", [(name, value) for name, value in headers])


def scope_of(environ: dict[str, Any]) -> Message:
    """ASGI's scope of a WSGI request."""
    root = environ.get("SCRIPT_NAME", "")
    path = (root + environ.get("PATH_INFO", "")).encode("latin-1")
    headers = [
        (name[5:].replace("_", "-").lower().encode(), value.encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.replace("_", "-").lower().encode(), environ[name].encode()))
    address = environ.get("REMOTE_ADDR")
    raw = environ.get("RAW_URI", "").partition("?")[0]
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path.decode("utf-8", "surrogateescape"),
        "raw_path": raw.encode("latin-1") if raw.startswith("/") else path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "root_path": root,
        "headers": headers,
        "client": (address, int(environ.get("REMOTE_PORT") or 0)) if address else None,
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
    }
