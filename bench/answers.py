"""A server that answers a sandbox's three requests at once, with nothing behind it: what is left is
the client's own. `python -m bench.answers` says its port."""

from __future__ import annotations

import asyncio
import re

TOLD = b'{"type":"number_of_executions","execution_count":1}\n{"type":"end_of_execution"}\n'
MADE = (
    b'{"templateID":"default","sandboxID":"abcdefghijklmnopqrst","clientID":"boxer","domain":null,'
    b'"envdVersion":"0.6.1","envdAccessToken":"token","trafficAccessToken":"token"}'
)


class Answers(asyncio.Protocol):
    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while b"\r\n\r\n" in self._got:
            head, rest = self._got.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._got = rest[size:]
            self._transport.write(answer_to(head))


def answer_to(head: bytes) -> bytes:
    if head.startswith(b"DELETE"):
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    status, body = (b"200 OK", TOLD) if b" /execute " in head else (b"201 Created", MADE)
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
