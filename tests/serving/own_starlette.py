"""Served by uvicorn and hypercorn in test_serving_own_server.py."""

import random
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

count = 0


async def tell(request):
    global count
    count += 1
    left = Path("/tmp/left").exists()
    Path("/tmp/left").touch()
    return JSONResponse({"count": count, "left": left, "random": random.random()})


app = Starlette(routes=[Route("/", tell)])
