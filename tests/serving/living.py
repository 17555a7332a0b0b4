"""Applications whose machines live on, as they run in the box."""
# mypy: ignore-errors

import asyncio
import os
import threading
import time
from pathlib import Path

count = 0
lock = threading.Lock()
# Two requests at once get further.
two, two_tasks = threading.Barrier(2), asyncio.Barrier(2)


def wsgi(environ, start_response):
    global count
    with lock:
        count += 1
        number = count
    path = environ["PATH_INFO"]
    start_response("200 OK", [])
    if path == "/write":
        Path("/tmp/mine").write_bytes(environ["wsgi.input"].read())
    if path == "/read":
        return [Path("/tmp/mine").read_bytes() if Path("/tmp/mine").exists() else b"nothing"]
    if path == "/meet":
        two.wait(1000)
        return [b"both of them"]
    if path == "/spin":
        while True:
            pass
    if path == "/exit":
        os._exit(1)
    if path == "/clock":
        return [str(time.monotonic()).encode()]
    return [str(number).encode()]


rooms = set()


async def app(scope, receive, send):
    global count
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        rooms.add(send)
        try:
            while (message := await receive())["type"] == "websocket.receive":
                for other in list(rooms):
                    await other({"type": "websocket.send", "text": message["text"]})
        finally:
            rooms.discard(send)
        return
    if scope["type"] == "lifespan":
        raise NotImplementedError
    count += 1
    number = count
    told = str(number).encode()
    if scope["path"] == "/meet":
        await two_tasks.wait()
        told = b"both of them"
    if scope["path"] == "/fail":
        raise LookupError("one of many")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})
