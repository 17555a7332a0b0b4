from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

async def hello(request):
    return PlainTextResponse(f"asgi {request.client.host} {request.url.scheme} {request.scope['http_version']}")

async def echo(socket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text[::-1])

app = Starlette(routes=[Route("/", hello), WebSocketRoute("/echo", echo)])
