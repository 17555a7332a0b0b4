"""Applications that stream, and WebSockets, as they run in the box."""
# mypy: ignore-errors

import asyncio
import json
import sys
import time
from pathlib import Path
from wsgiref.validate import validator

ROUTES = {}
count = 0


def route(path):
    def add(function):
        ROUTES[path] = function
        return function

    return add


async def app(scope, receive, send):
    global count
    if scope["type"] == "lifespan":
        raise NotImplementedError
    count += 1
    await ROUTES[scope["path"]](scope, receive, send)


PLAIN = ((b"content-type", b"text/plain"),)


async def begin(send, status=200, headers=PLAIN, **more):
    await send({"type": "http.response.start", "status": status, "headers": headers, **more})


async def part(send, body, more=True):
    await send({"type": "http.response.body", "body": body, "more_body": more})


@route("/")
async def hello(scope, receive, send):
    await begin(send)
    await part(send, f"hello {count}".encode(), False)


@route("/imports")
async def imports(scope, receive, send):
    """Whether a module was there before it is imported here, and where modules are looked for."""
    told = {"known": "colorsys" in sys.modules, "path": sys.path}
    import colorsys  # noqa: F401

    await begin(send)
    await part(send, json.dumps(told).encode(), False)


@route("/events")
async def events(scope, receive, send):
    await begin(send, headers=[(b"content-type", b"text/event-stream")])
    for number in range(3):
        await part(send, f"data: {number} {count}\n\n".encode())
        await asyncio.sleep(0.2)
    await part(send, b"", False)


@route("/forever")
async def forever(scope, receive, send):
    await begin(send)
    while True:
        await part(send, b"tick\n")
        await asyncio.sleep(0.02)


@route("/deaf")
async def deaf(scope, receive, send):
    await begin(send)
    await part(send, b"x")
    while True:
        pass


@route("/large")
async def large(scope, receive, send):
    await begin(send)
    for _ in range(160):
        await part(send, b"0123456789abcdef" * 4096)
    await part(send, b"", False)


@route("/echo")
async def echo(scope, receive, send):
    await begin(send)
    while True:
        message = await receive()
        await part(send, message.get("body", b""), message.get("more_body", False))
        if not message.get("more_body"):
            return


@route("/count")
async def count_body(scope, receive, send):
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await begin(send)
    await part(send, str(size).encode(), False)


@route("/ignore")
async def ignore(scope, receive, send):
    await begin(send, 403)
    await part(send, b"no", False)


secrets = []


@route("/secret")
async def secret(scope, receive, send):
    """What every request before it in this machine was told; streamed for those who ask."""
    own = dict(scope["headers"])[b"x-secret"]
    secrets.append(own)
    with Path("/tmp/secret").open("ab") as file:
        file.write(own)
    told = b",".join(secrets) + b"|" + Path("/tmp/secret").read_bytes()
    await begin(send)
    if scope["query_string"]:
        await part(send, told)
        await asyncio.sleep(0.01)
        await part(send, b"", False)
    else:
        await part(send, told, False)


@route("/late")
async def late(scope, receive, send):
    """Answers, and works on for ever."""
    await begin(send)
    await part(send, b"done", False)
    await asyncio.sleep(10**6)


@route("/breaks")
async def breaks(scope, receive, send):
    await begin(send)
    await part(send, b"some")
    await asyncio.sleep(0.3)
    raise LookupError("in the middle")


@route("/long")
async def too_long(scope, receive, send):
    await begin(send, headers=[(b"content-length", b"3")])
    await part(send, b"ab")
    await asyncio.sleep(0.3)
    await part(send, b"cdef", False)


@route("/short")
async def too_short(scope, receive, send):
    await begin(send, headers=[(b"content-length", b"9")])
    await part(send, b"ab")
    await asyncio.sleep(0.3)
    await part(send, b"c", False)


@route("/trailers")
async def trailers(scope, receive, send):
    known = "http.response.trailers" in scope.get("extensions", {})
    await begin(send, trailers=known)
    await part(send, b"body", False)
    if known:
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})


@route("/ws/echo")
async def ws_echo(scope, receive, send):
    await receive()
    wanted = scope["subprotocols"]
    chosen = "chat" if "chat" in wanted else None
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-a", b"b")]})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            if message["text"] == "close":
                await send({"type": "websocket.close", "code": 4001, "reason": "as you say"})
                return
            if message["text"] == "count":
                await send({"type": "websocket.send", "text": str(count)})
                continue
            if message["text"] == "fail":
                raise LookupError("in a WebSocket")
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


@route("/ws/broadcast")
async def ws_broadcast(scope, receive, send):
    """Several tasks of one connection talk at once."""
    await receive()
    await send({"type": "websocket.accept"})

    async def speaker(name):
        for number in range(3):
            await send({"type": "websocket.send", "text": json.dumps([name, number])})
            await asyncio.sleep(0.01)

    await asyncio.gather(*(speaker(name) for name in "abc"))
    await send({"type": "websocket.close", "code": 1000})


@route("/ws/refuse")
async def ws_refuse(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 1008})


@route("/ws/deny")
async def ws_deny(scope, receive, send):
    await receive()
    await send(
        {"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-a", b"tea")]}
    )
    await send({"type": "websocket.http.response.body", "body": b"a teapot"})


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/echo":
        start_response("200 OK", [])
        return iter(lambda: environ["wsgi.input"].read(50_000), b"")
    if path == "/lines":
        body = b"".join(environ["wsgi.input"])
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    if path == "/large":
        start_response("200 OK", [])
        return (b"0123456789abcdef" * 4096 for _ in range(160))
    if path == "/events":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return Events()
    if path == "/forever":
        start_response("200 OK", [])
        return ticks()
    start_response("200 OK", [("X-Closed", "no")])
    return [b"hello"]


def ticks():
    while True:
        yield b"tick\n"
        time.sleep(0.02)


class Events:
    def __iter__(self):
        for number in range(3):
            yield f"data: {number}\n\n".encode()
            time.sleep(0.2)

    def close(self):
        print("closed", flush=True)


def checked_wsgi(environ, start_response):
    """Under `wsgiref.validate`, which raises where we break PEP 3333; `/echo` streams both ways."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/echo":
        return iter(lambda: environ["wsgi.input"].read(50_000), b"")
    if environ["PATH_INFO"] == "/lines":
        return [b"%d" % len(line) for line in environ["wsgi.input"]]
    said = environ["QUERY_STRING"].encode()
    environ["wsgi.errors"].flush()
    return [said, environ["wsgi.input"].read(100)]


validated = validator(checked_wsgi)


async def autobahn(scope, receive, send):
    """Says back what it hears."""
    if scope["type"] != "websocket":
        raise NotImplementedError
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        kept = {name: message[name] for name in ("text", "bytes") if message.get(name) is not None}
        await send({"type": "websocket.send", **kept})
