"""Served by uvicorn and hypercorn in test_serving_own_server.py."""

import random
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

count = 0


async def tell(request):
    global count
    count += 1
    left = Path("/tmp/left").exists()
    Path("/tmp/left").touch()
    return JSONResponse({"count": count, "left": left, "random": random.random()})


async def link(socket):
    global count
    await socket.accept(subprotocol=next(iter(socket.scope["subprotocols"]), None))
    while (text := await socket.receive_text()) != "bye":
        count += 1
        await socket.send_text(f"{count} {text}")
    await socket.close(4001, "bye")


app = Starlette(routes=[Route("/", tell), WebSocketRoute("/link", link)])
