"""Applications of every kind, as they run in the box."""
# mypy: ignore-errors

import asyncio
import sys
from pathlib import Path

count = 0
started = []


def wsgi(environ, start_response):
    global count
    count += 1
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise LookupError("nothing there")
    if path == "/exit":
        sys.exit(3)
    if path == "/spin":
        while True:
            pass
    if path == "/flood":
        start_response("200 OK", [])
        return [b"x" * 1_000_000] * 100
    if path == "/split":
        start_response("200 OK", [("X-A", "b\r\nSet-Cookie: c")])
        return [b""]
    if path == "/import":
        import colorsys

        start_response("200 OK", [])
        return [colorsys.__name__.encode()]
    if path == "/client":
        start_response("200 OK", [])
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]
    if path == "/written":
        write = start_response("201 Created", [("Transfer-Encoding", "chunked"), ("X-A", "1")])
        write(b"one ")
        return iter([b"two ", b"three"])
    told = [
        environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], str(count),
        environ.get("HTTP_X_MANY", ""), environ.get("HTTP_COOKIE", ""),
        environ.get("HTTP_EVIL_NAME", "none"), environ["wsgi.input"].read().decode(),
    ]  # fmt: skip
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "99999")])
    return ["|".join(told).encode("latin-1")]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        started.append(len(started))
        scope["state"]["pool"] = "made"
        await send({"type": "lifespan.startup.complete"})
        await receive()
    content, more = b"", True
    while more:
        message = await receive()
        content, more = content + message["body"], message["more_body"]
    if scope["path"] == "/sleep":
        await asyncio.sleep(0.01)
    if scope["path"] == "/thread":
        await asyncio.to_thread(started.append, "thread")
    body = f"{scope['method']} {scope['path']} {started} {scope['state']} ".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kind", b"asgi")]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": content})


async def without_lifespan(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def does_not_start(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def keeps_listening(scope, receive, send):
    """Hears what comes behind its answer, as Quart does."""
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"heard "})
    started.append((await receive())["type"])
    assert started[-1] == "http.disconnect"


async def raises_behind_its_answer(scope, receive, send):
    """As Starlette does behind the answer of a handler of errors."""
    assert scope["type"] == "http"
    status = 500 if scope["path"] == "/" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    if scope["path"] == "/parts":
        await send({"type": "http.response.body", "body": b"own", "more_body": True})
    if scope["path"] != "/early":
        await send({"type": "http.response.body", "body": b" page"})
    raise LookupError("for the log")


async def starts_on_a_volume(scope, receive, send):
    """Says itself that it has not started."""
    if scope["type"] == "lifespan":
        await receive()
        kind = "complete" if Path("/data/told").is_file() else "failed"
        await send({"type": f"lifespan.startup.{kind}", "message": "no volume"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": Path("/data/told").read_bytes()})


def double(value):
    return {"twice": [value, value]}


def handler(event, context):
    if event["rawPath"] == "/plain":
        return {"path": event["rawPath"]}
    return {
        "statusCode": 418,
        "headers": {"X-Path": event["rawPath"]},
        "cookies": ["a=1", "b=2"],
        "body": event["body"] + event["queryStringParameters"].get("q", ""),
    }


class Factory:
    @staticmethod
    def make():
        return wsgi


def three(one, two, three, four):
    pass


number = 7
