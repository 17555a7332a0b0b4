import ssl
from aiohttp import web

async def hello(request):
    return web.Response(text=f"aiohttp {request.remote} {request.scheme}")

async def echo(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data[::-1])
    return socket

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/certs/server.pem", "/certs/server.key")
app = web.Application()
app.add_routes([web.get("/", hello), web.get("/echo", echo)])
web.run_app(app, port=8000, ssl_context=context)
