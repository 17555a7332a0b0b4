# Both ends in the box.
import asyncio, email.message, smtplib, ssl
import websockets
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from grpclib.client import Channel
from grpclib.const import Cardinality, Handler
from grpclib.server import Server
from grpclib.client import UnaryUnaryMethod, UnaryStreamMethod
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
server.load_cert_chain("/certs/local.pem", "/certs/local.key")

class Letters(Message):
    def handle_message(self, message):
        print("letter", message["subject"], message.get_payload().strip())

sink = Controller(Letters(), hostname="127.0.0.1", port=2525, tls_context=server, require_starttls=True)
sink.start()
letter = email.message.EmailMessage()
letter["Subject"], letter["From"], letter["To"] = "hello", "a@example.com", "b@example.com"
letter.set_content("text")
with smtplib.SMTP("localhost", 2525) as post:
    try:
        post.send_message(letter)
    except smtplib.SMTPException as error:
        print(type(error).__name__)
    post.starttls(context=ssl.create_default_context())
    post.ehlo()
    post.send_message(letter)
    print(post.sock.version())
sink.stop()

class Greeter:
    async def hello(self, stream):
        asked = await stream.recv_message()
        await stream.send_message(StringValue(value=f"hello {asked.value}"))
    async def count(self, stream):
        asked = await stream.recv_message()
        for number in range(asked.value):
            await stream.send_message(Int32Value(value=number))
    def __mapping__(self):
        return {"/t.Greeter/Hello": Handler(self.hello, Cardinality.UNARY_UNARY, StringValue, StringValue),
                "/t.Greeter/Count": Handler(self.count, Cardinality.UNARY_STREAM, Int32Value, Int32Value)}

async def main():
    async def reversed_(socket):
        async for text in socket:
            await socket.send(text[::-1])
    async with websockets.serve(reversed_, "127.0.0.1", 8001, ssl=server):
        async with websockets.connect("wss://localhost:8001", ssl=ssl.create_default_context()) as socket:
            await socket.send("abc")
            print(await socket.recv())
            await socket.send(b"\x00" * 1_000_000)
            print(len(await socket.recv()))
    server.set_alpn_protocols(["h2"])
    greeter = Server([Greeter()])
    await greeter.start("127.0.0.1", 8002, ssl=server)
    trusted = ssl.create_default_context()
    trusted.set_alpn_protocols(["h2"])
    channel = Channel("localhost", 8002, ssl=trusted)
    hello = UnaryUnaryMethod(channel, "/t.Greeter/Hello", StringValue, StringValue)
    answers = await asyncio.gather(*(hello(StringValue(value=str(n))) for n in range(20)))
    print(answers[-1].value)
    count = UnaryStreamMethod(channel, "/t.Greeter/Count", Int32Value, Int32Value)
    print(sum(each.value for each in await count(Int32Value(value=1000))))
    channel.close()
    greeter.close()
    await greeter.wait_closed()
asyncio.run(main())
