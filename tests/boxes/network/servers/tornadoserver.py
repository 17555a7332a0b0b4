import asyncio, ssl
from tornado import httpserver, web, websocket

class Hello(web.RequestHandler):
    def get(self):
        self.write(f"tornado {self.request.remote_ip} {self.request.protocol}")

class Echo(websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message(message[::-1])

async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("/certs/server.pem", "/certs/server.key")
    server = httpserver.HTTPServer(web.Application([("/", Hello), ("/echo", Echo)]), ssl_options=context)
    server.listen(8000)
    await asyncio.Event().wait()
asyncio.run(main())
