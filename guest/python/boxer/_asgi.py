"""ASGI applications as what answers a request: HTTP, WebSockets, and the lifespan (ASGI 3.0).

A coroutine is driven by hand as far as it goes without waiting, which is all the way for most.
"""

import asyncio
import copy

import _boxer

from boxer._wsgi import AGAIN, AT_ONCE

# Seconds after an answer's end in which its coroutine may end, too, for the answer to go whole.
SOON = 0.002
VERSION = {"version": "3.0", "spec_version": "2.4"}
TRAILERS = "http.response.trailers"


class OutsideError(Exception):
    """The application's start-up wants something of the outside, where there is none yet."""


class StartupError(RuntimeError):
    """The application says that it did not start."""


class _TooMuchError(BaseException):
    """Ends a coroutine whose answer is to be streamed."""


class Asgi:
    """each_life: its start-up runs in each life, not before the freeze."""

    def __init__(self, app, each_life=False):
        self.app = app
        self.each_life = each_life
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self._lifespan = None
        if not each_life:
            self._lifespan = self.loop.run_until_complete(_Lifespan.begun(app))

    def another(self):
        """As Wsgi's."""
        made = copy.copy(self)
        made.app, made.each_life, made._lifespan = _hello, False, None
        return made

    def __call__(self, request, stream=None):
        """As Wsgi's."""
        if self.each_life:
            self._lifespan = self.loop.run_until_complete(_Lifespan.begun(self.app))
        try:
            return self._answer(request, stream)
        finally:
            if self.each_life and self._lifespan is not None:
                self.loop.run_until_complete(self._lifespan.end())

    def _answer(self, request, stream):
        if stream is None:
            at_once = _AtOnce(request, self.loop)
            try:
                self._run(self.app(self._scope(request), at_once.receive, at_once.send))
            except BaseException as error:
                if not at_once.is_too_much:
                    _see_to(error, at_once, request)
            return AGAIN if at_once.is_too_much else at_once.answer()
        self.loop.add_reader(stream.channel.inward, stream.channel.pump)
        talk = self._talk(request, stream)
        try:
            self._run(self.app(self._scope(request), talk.receive, talk.send), talk)
        except Exception as error:
            _see_to(error, talk, request)
        return self.loop.run_until_complete(talk.end()) if talk.must_end() else talk.answer()

    def _talk(self, request, stream):
        kind = _WebSocket if request.get("type") == "websocket" else _Http
        return kind(request, stream, self.loop)

    def _run(self, coroutine, talk=None):
        """To its end. Most need no turn of the loop: they are over when they first wait."""
        loop = self.loop
        loop._run_forever_setup()
        try:
            task = asyncio.Task(coroutine, loop=loop, eager_start=True)
        finally:
            loop._run_forever_cleanup()
        if not task.done():
            if talk is not None:
                talk.flush_soon()
            loop.run_until_complete(task)
        return task.result()

    async def attend(self, request, stream):
        """A request among others, in a machine that lives on: all goes by the stream."""
        if self.each_life and self._lifespan is None:
            self._lifespan = await _Lifespan.begun(self.app)
        talk = self._talk(request, stream)
        try:
            await self.app(self._scope(request), talk.receive, talk.send)
        except Exception as error:
            _see_to(error, talk, request)
        await talk.end()

    def _scope(self, request):
        is_websocket = request.get("type") == "websocket"
        scope = {
            "type": "websocket" if is_websocket else "http",
            "asgi": VERSION,
            "http_version": request["version"],
            "scheme": request["scheme"],
            "path": request["path"],
            "raw_path": request["raw_path"].encode("latin-1"),
            "query_string": request["query"].encode("latin-1"),
            "root_path": request["root_path"],
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in request["headers"]
            ],
            "client": request["client"],
            "server": request["server"],
        }
        if is_websocket:
            scope["subprotocols"] = request["subprotocols"]
        else:
            scope["method"] = request["method"]
        if "extensions" in request:
            scope["extensions"] = {name: {} for name in request["extensions"]}
        if self._lifespan is not None:
            scope["state"] = self._lifespan.state.copy()
        return scope


def _see_to(error, talk, request):
    """What an application raises behind its answer, as Starlette does behind its own 500, is for
    the log: whoever asked has the answer. But a developer is told."""
    if not (talk.is_complete and isinstance(error, Exception)) or request.get("development"):
        raise error
    import traceback

    traceback.print_exception(_boxer.leave_out_ours(error))


async def _hello(scope, receive, send):
    await receive()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def _headers_of(message):
    return [
        [bytes(name).decode("latin-1"), bytes(value).decode("latin-1")]
        for name, value in message.get("headers", ())
    ]


class _AtOnce:
    """A request and its answer, both whole, and no stream."""

    def __init__(self, request, loop):
        self.is_too_much = self.is_complete = False
        self._loop = loop
        self._messages = [{"type": "http.request", "body": request["body"], "more_body": False}]
        self._answer = {"status": 500, "headers": [], "body": b""}
        self._parts = []
        self._size = 0
        self._ended = None

    async def receive(self):
        if self._messages:
            return self._messages.pop()
        if not self.is_complete:
            if self._ended is None:
                self._ended = self._loop.create_future()
            await self._ended
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self._answer["status"] = message["status"]
            self._answer["headers"] = _headers_of(message)
            if message.get("trailers"):
                self._give_up()
        elif message["type"] == "http.response.body":
            body, has_more = message.get("body", b""), message.get("more_body", False)
            self._parts.append(body)
            self._size += len(body)
            if has_more and self._size > AT_ONCE:
                self._give_up()
            self.is_complete = not has_more
            if self._ended is not None and self.is_complete and not self._ended.done():
                self._ended.set_result(None)

    def _give_up(self):
        self.is_too_much = True
        raise _TooMuchError

    def answer(self):
        parts = self._parts
        self._answer["body"] = parts[0] if len(parts) == 1 else b"".join(parts)
        return self._answer


class _Http:
    """A request and its answer, by a stream: but an answer of one part that ends where its
    coroutine does is given whole."""

    def __init__(self, request, stream, loop):
        self._request, self._stream, self._loop = request, stream, loop
        self._start = {"status": 500, "headers": [], "trailers": False}
        self._held = None
        self._has_begun = self.is_complete = self._wants_soon = False
        self._has_received = False

    async def receive(self):
        whole = not self._request.get("more_body")
        if whole and not self._has_received:
            self._has_received = True
            return {"type": "http.request", "body": self._request["body"], "more_body": False}
        if not whole and not self._has_received:
            taken = await self._stream.take_later(self._loop)
            if taken is None:
                return {"type": "http.disconnect"}
            self._has_received = taken[0] == b"E"
            return {
                "type": "http.request",
                "body": taken[1],
                "more_body": not self._has_received,
            }
        while self._stream.gone is None and not self.is_complete:
            await self._stream._turn(self._loop)
        return {"type": "http.disconnect"}

    async def send(self, message):
        kind = message["type"]
        if kind == "http.response.start":
            self._start["status"] = message["status"]
            self._start["headers"] = _headers_of(message)
            self._start["trailers"] = bool(message.get("trailers", False))
        elif kind == "http.response.body":
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        elif kind == TRAILERS:
            self._stream.send_json(b"H", _headers_of(message))
            if not message.get("more_trailers", False):
                self._stream.send(b"E")

    async def _send_body(self, body, has_more):
        if self.is_complete:
            return
        has_trailers = self._start["trailers"]
        if not has_more and not has_trailers and not self._has_begun and len(body) <= AT_ONCE:
            self._held = body
            self._complete()
            if self._wants_soon:
                self._loop.call_later(SOON, self._flush)
            return
        self._begin()
        if body:
            await self._stream.put_later(self._loop, b"B", body)
        elif self._stream.gone is not None:
            self._stream._put(b"B", b"")
        if not has_more:
            self._complete()
            if not has_trailers:
                self._stream.send(b"E")

    def _complete(self):
        self.is_complete = True
        self._stream.feed(b"C", b"")  # who waits for the client to go

    def _begin(self):
        if not self._has_begun:
            self._has_begun = True
            self._stream.send_json(b"S", self._start)

    def flush_soon(self):
        self._wants_soon = True
        self._flush()

    def _flush(self):
        if self._held is not None and self._stream.gone is None and len(self._held) <= AT_ONCE:
            held, self._held = self._held, None
            self._begin()
            for at in range(0, len(held), 1 << 16):
                self._stream._put(b"B", held[at : at + (1 << 16)])
            self._stream.send(b"E")

    def must_end(self):
        return False

    async def end(self):
        """All by the stream."""
        if self._held is not None:
            held, self._held = self._held, None
            self._begin()
            await self._stream.put_later(self._loop, b"B", held)
            self._stream.send(b"E")

    def answer(self):
        if self._has_begun:
            return None
        return {**self._start, "body": self._held or b""}


class _WebSocket:
    """A connection of messages."""

    is_complete = False

    def __init__(self, request, stream, loop):
        self._stream, self._loop = stream, loop
        self._has_connected = self._is_closed = self._is_denied = False
        self._is_accepted = False

    async def receive(self):
        if not self._has_connected:
            self._has_connected = True
            return {"type": "websocket.connect"}
        parts = []
        while True:
            taken = await self._stream.take_later(self._loop)
            if taken is None:
                gone = self._stream.gone
                code, reason = gone.get("code", 1006), gone.get("reason", "")
                return {"type": "websocket.disconnect", "code": code, "reason": reason}
            kind, part = taken
            parts.append(part)
            data = part if len(parts) == 1 else b"".join(parts) if kind in b"TY" else b""
            if kind == b"T":
                return {"type": "websocket.receive", "text": str(data, "utf-8")}
            if kind == b"Y":
                return {"type": "websocket.receive", "bytes": data}

    async def send(self, message):
        kind = message["type"].removeprefix("websocket.")
        if self._is_closed and kind in ("accept", "send", "close"):
            raise RuntimeError(f"`{message['type']}` after the WebSocket was closed")
        if kind == "accept":
            told = {"subprotocol": message.get("subprotocol"), "headers": _headers_of(message)}
            self._is_accepted = True
            self._stream.send_json(b"A", told)
        elif kind == "send":
            text = message.get("text")
            if text is not None:
                await self._stream.put_later(self._loop, b"T", text.encode())
            else:
                await self._stream.put_later(self._loop, b"Y", message["bytes"])
        elif kind == "close":
            self._close(message.get("code", 1000), message.get("reason") or "")
        elif kind == "http.response.start":
            self._is_denied = True
            told = {"status": message["status"], "headers": _headers_of(message)}
            self._stream.send_json(b"S", told)
        elif kind == "http.response.body":
            await self._stream.put_later(self._loop, b"B", message.get("body", b""))
            if not message.get("more_body", False):
                self._is_closed = True
                self._stream.send(b"E")

    def _close(self, code, reason):
        self._is_closed = True
        self._stream.send_json(b"X", {"code": code, "reason": reason})

    def flush_soon(self):
        pass

    def must_end(self):
        return True

    async def end(self):
        if not self._is_closed and not self._is_denied and self._stream.gone is None:
            self._close(1000, "")


class _Lifespan:
    """The lifespan's task, once its start-up is over. state: as the application left it."""

    def __init__(self):
        self.state = {}
        self._received = asyncio.Queue()
        self._told = asyncio.Queue()
        self._task = None

    @classmethod
    async def begun(cls, app):
        """None: the application has none. Raises `StartupError`, `OutsideError`."""
        lifespan = cls()
        scope = {"type": "lifespan", "asgi": VERSION, "state": lifespan.state}
        started = asyncio.ensure_future(lifespan._told.get())
        task = asyncio.ensure_future(app(scope, lifespan._received.get, lifespan._told.put))
        lifespan._task = task
        lifespan._received.put_nowait({"type": "lifespan.startup"})
        await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            error = task.exception()
            if _is_of_the_outside(error):
                raise OutsideError(str(error)) from error
            return None  # it knows no lifespan, and may say so by any error (ASGI)
        message = started.result()
        if message["type"] == "lifespan.startup.failed":
            await asyncio.wait([task], timeout=1)
            error = task.exception() if task.done() else None
            told = message.get("message") or str(error or "")
            if _is_of_the_outside(error):
                raise OutsideError(told)
            raise StartupError(f"the application did not start: {told}")
        return lifespan

    async def end(self):
        self._received.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([self._task], timeout=5)


def _is_of_the_outside(error):
    """Whether a network that is not there is what it failed for, as far as the error says."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, (ConnectionError, TimeoutError)):
            return True
        if isinstance(error, OSError) and (error.filename is None):
            return True
        for inner in getattr(error, "exceptions", ()):
            if _is_of_the_outside(inner):
                return True
        error = error.__cause__ or error.__context__
    return False
