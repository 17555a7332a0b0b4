import contextlib
import threading

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient


def plain(request):
    return PlainTextResponse(threading.current_thread().name)


async def soon(request):
    return JSONResponse(dict(request.query_params))


def broken(request):
    raise LookupError("no such thing")


async def talk(websocket):
    await websocket.accept()
    while (text := await websocket.receive_text()) != "bye":
        await websocket.send_text(text.upper())
    await websocket.close()


@contextlib.asynccontextmanager
async def lifespan(app):
    print("begins")
    yield
    print("ends")


routes = [
    Route("/plain", plain),
    Route("/soon", soon),
    Route("/broken", broken),
    WebSocketRoute("/talk", talk),
]
app = Starlette(routes=routes, lifespan=lifespan)
client = TestClient(app)
print(client.get("/plain").text)
print(client.get("/soon?a=1").json(), client.get("/nowhere").status_code)
try:
    client.get("/broken")
except LookupError as error:
    print("raised", error)
with TestClient(app) as client:
    print(client.get("/plain").status_code)
    with client.websocket_connect("/talk") as websocket:
        for word in ("one", "two"):
            websocket.send_text(word)
            print(websocket.receive_text())
        websocket.send_text("bye")
