import asyncio

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def home(request):
    return JSONResponse({"query": dict(request.query_params)})


async def call(app):
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"a=1", "headers": []}

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        print(message.get("status") or message["body"].decode())

    await app(scope, receive, send)


asyncio.run(call(Starlette(routes=[Route("/", home)])))
