"""Applications of frameworks, as they run in the box."""
# mypy: ignore-errors

import time


def flask_():
    import flask

    app = flask.Flask(__name__)
    app.secret_key = "x"

    @app.get("/")
    def hello():
        flask.session["n"] = 1
        return "flask"

    @app.post("/upload")
    def upload():
        return str(sum(len(part) for part in iter(lambda: flask.request.stream.read(10_000), b"")))

    @app.get("/stream")
    def stream():
        def parts():
            for number in range(3):
                yield f"{number}\n"
                time.sleep(0.1)

        return parts()

    return app


def bottle_():
    import bottle

    app = bottle.Bottle()
    app.route("/", callback=lambda: "bottle")
    return app


def starlette_():
    import asyncio

    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute

    def plain(request):
        return PlainTextResponse("starlette")

    async def upload(request):
        size = 0
        async for part in request.stream():
            size += len(part)
        return PlainTextResponse(str(size))

    async def stream(request):
        async def parts():
            for number in range(3):
                yield f"{number}\n"
                await asyncio.sleep(0.1)

        return StreamingResponse(parts(), background=BackgroundTask(asyncio.sleep, 0.01))

    def threaded(request):
        return StreamingResponse(f"{number}\n" for number in range(3))

    async def socket(websocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())

    return Starlette(
        routes=[
            Route("/", plain),
            Route("/upload", upload, methods=["POST"]),
            Route("/stream", stream),
            Route("/threaded", threaded),
            WebSocketRoute("/ws", socket),
        ]
    )


def django_():
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    settings.configure(
        ALLOWED_HOSTS=["*"], SECRET_KEY="x", ROOT_URLCONF=__name__,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    )  # fmt: skip

    def hello(request):
        request.session["n"] = 1
        return HttpResponse("django")

    def upload(request):
        return HttpResponse(str(len(request.read())))

    def stream(request):
        return StreamingHttpResponse(f"{number}\n" for number in range(3))

    globals()["urlpatterns"] = [path("", hello), path("upload", upload), path("stream", stream)]
    return get_wsgi_application()


def ff(request):
    return f"ff {request.args.get('q', '')}"


def fastapi_():
    from typing import Annotated

    from fastapi import FastAPI, Query
    from pydantic import BaseModel

    app = FastAPI()

    class Item(BaseModel):
        name: str
        price: float

    @app.get("/")
    async def hello(q: Annotated[int, Query(ge=1)]) -> str:
        return f"fastapi {q}"

    @app.post("/items")
    async def add(item: Item) -> Item:
        return Item(name=item.name.upper(), price=item.price * 2)

    return app


def litestar_():
    from litestar import Litestar, MediaType, get, post

    @get("/", media_type=MediaType.TEXT)
    async def hello() -> str:
        return "litestar"

    @post("/upload", status_code=200)
    async def upload(body: bytes) -> str:
        return str(len(body))

    return Litestar([hello, upload])


def aiohttp_():
    import asyncio

    from aiohttp import web

    async def hello(request):
        request.app["seen"].append(1)
        seen = len(request.app["seen"])
        return web.Response(text=f"{seen} {request.remote} {request.scheme} {request.host}")

    async def upload(request):
        size = 0
        async for part in request.content.iter_chunked(10_000):
            size += len(part)
        return web.Response(text=str(size))

    async def stream(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for number in range(3):
            await answer.write(f"{number}\n".encode())
            await asyncio.sleep(0.1)
        return answer

    async def socket(request):
        answer = web.WebSocketResponse(protocols=("chat",))
        await answer.prepare(request)
        async for message in answer:
            if message.data == "close":
                await answer.close(code=4001, message=b"bye")
                break
            await answer.send_str(message.data.upper())
        return answer

    async def start(app):
        app["seen"] = []

    app = web.Application()
    app.on_startup.append(start)
    app.add_routes(
        [
            web.get("/", hello),
            web.post("/upload", upload),
            web.get("/stream", stream),
            web.get("/ws", socket),
        ]
    )
    return app
