"""An application of aiohttp.web as one of ASGI: aiohttp's own server answers, asked by its own
client, both in this machine.

Belongs here: what a request is on that way. Does not: HTTP, which aiohttp speaks with itself.

Invariant: of aiohttp only what it documents is used, but for the headers of a WebSocket's answer.
"""

import asyncio

from aiohttp import (
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from multidict import CIMultiDict
from yarl import URL

from boxer._wsgi import AT_ONCE

# By which our middleware knows whose request it is.
NUMBER = "X-Boxer-Request"
# The host's to say, not the application's, either way.
HOPS = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"expect"))
DENIAL = "websocket.http.response"
LEFT_OUT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Aiohttp:
    """ASGI 3.0. app: an `aiohttp.web.Application`, not yet started."""

    def __init__(self, app):
        self._app = app
        self._scopes = {}
        self._numbers = 0

        @web.middleware
        async def first(request, handler):
            return await handler(self._from_outside(request))

        app.middlewares.insert(0, first)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self._numbers += 1
        number = str(self._numbers)
        self._scopes[number] = scope
        headers = CIMultiDict(
            (name.decode("latin-1"), value.decode("utf-8", "replace"))
            for name, value in scope["headers"]
            if name not in HOPS and not name.startswith(b"sec-websocket-")
        )
        headers[NUMBER] = number
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        answer = self._connect if scope["type"] == "websocket" else self._answer
        try:
            await answer(scope, URL(self._address + target, encoded=True), headers, receive, send)
        finally:
            self._scopes.pop(number, None)

    def _from_outside(self, request):
        """The request as its client has made it: that one's address, and its scheme."""
        scope = self._scopes.get(request.headers.get(NUMBER))
        if scope is None:
            return request
        headers = request.headers.copy()
        del headers[NUMBER]
        remote = scope["client"][0] if scope["client"] else ""
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return request.clone(headers=headers, remote=remote, scheme=scheme)

    # --- life ---

    async def _live(self, receive, send):
        await receive()
        runner = web.AppRunner(self._app, handle_signals=False, access_log=None)
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        except BaseException as error:
            failed = f"{type(error).__name__}: {error}"
            await send({"type": "lifespan.startup.failed", "message": failed})
            raise
        self._address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._session = ClientSession(
            connector=TCPConnector(limit=0),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=LEFT_OUT,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._session.close()
        await runner.cleanup()
        await send({"type": "lifespan.shutdown.complete"})

    # --- HTTP ---

    async def _answer(self, scope, url, headers, receive, send):
        first = await receive()
        if first["type"] == "http.disconnect":
            return
        read = asyncio.Event()  # all of the body
        if first.get("more_body"):
            data = _body(first, receive, read)
        else:
            data = first.get("body") or None
            read.set()
        asking = asyncio.ensure_future(self._ask(scope, url, headers, data, send))
        leaving = asyncio.ensure_future(_left(receive, read))
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not asking.done():
            asking.cancel()
            await asyncio.wait((asking,))
        elif not asking.cancelled():
            asking.result()

    async def _ask(self, scope, url, headers, data, send):
        async with self._session.request(
            scope["method"], url, headers=headers, data=data, allow_redirects=False
        ) as response:
            told = [(name.lower(), value) for name, value in response.raw_headers]
            kept = [(name, value) for name, value in told if name not in HOPS and name != b"date"]
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            if response.content_length is not None and response.content_length <= AT_ONCE:
                await send({"type": "http.response.body", "body": await response.read()})
                return
            async for part in response.content.iter_any():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    # --- WebSockets ---

    async def _connect(self, scope, url, headers, receive, send):
        await receive()
        try:
            socket = await self._session.ws_connect(
                url, headers=headers, protocols=scope["subprotocols"], max_msg_size=0
            )
        except WSServerHandshakeError as error:
            await self._deny(scope, error, send)
            return
        told = socket._response.raw_headers
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": socket.protocol,
                "headers": [
                    (name.lower(), value)
                    for name, value in told
                    if name.lower() not in HOPS
                    and name.lower() not in (b"date", b"content-type")
                    and not name.lower().startswith(b"sec-websocket-")
                ],
            }
        )
        inward = asyncio.ensure_future(_inward(socket, receive))
        try:
            await _outward(socket, send)
        finally:
            inward.cancel()
            await socket.close()

    async def _deny(self, scope, error, send):
        if DENIAL not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        body = f"{error.status} {error.message}\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        status = error.status if error.status >= 400 else 426
        await send({"type": f"{DENIAL}.start", "status": status, "headers": headers})
        await send({"type": f"{DENIAL}.body", "body": body})


async def _body(message, receive, read):
    while True:
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client is gone")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            read.set()
            return
        message = await receive()


async def _left(receive, read):
    """Until the client is gone."""
    await read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _inward(socket, receive):
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await socket.send_str(message["text"])
        else:
            await socket.send_bytes(message["bytes"])
    await socket.close(code=message.get("code") or 1000)


async def _outward(socket, send):
    while True:
        message = await socket.receive()
        if message.type == WSMsgType.TEXT:
            await send({"type": "websocket.send", "text": message.data})
        elif message.type == WSMsgType.BINARY:
            await send({"type": "websocket.send", "bytes": message.data})
        else:
            reason = message.extra if isinstance(message.extra, str) else ""
            code = socket.close_code or 1000
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return
