"""Clients that break HTTP, or take their time, at each server that may be in front of a box: they
are refused, and others never notice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import boxer
from boxer.serving import application, asgi, bounded
from tests.serving.running import PATIENCE, Client, command, listening

pytestmark = pytest.mark.base
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n"
SMUGGLED = b"GET /secret HTTP/1.1\r\nHost: a\r\nX-Secret: smuggled\r\n\r\n"

# What cannot be read in one way only (RFC 9112), or not at all: no application is asked.
REFUSED = {
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 5, 6\r\n\r\nhello" + SMUGGLED,
    "a length with a sign": POST + b"Content-Length: +5\r\n\r\nhello" + SMUGGLED,
    "a negative length": POST + b"Content-Length: -5\r\n\r\nhello" + SMUGGLED,
    "a length in hexadecimal": POST + b"Content-Length: 0x5\r\n\r\nhello" + SMUGGLED,
    "a length of 200 digits": POST + b"Content-Length: " + b"9" * 200 + b"\r\n\r\nhello",
    "an unknown encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": POST + b"Content-Length : 5\r\n\r\nhello" + SMUGGLED,
    "a NUL in a value": GET + b"X-A: a\0b\r\n\r\n" + SMUGGLED,
    "a CR in a value": GET + b"X-A: a\rX-B: b\r\n\r\n" + SMUGGLED,
    "no name": GET + b": a\r\n\r\n" + SMUGGLED,
    "a name with a space": GET + b"X A: a\r\n\r\n" + SMUGGLED,
    "a chunk of no size": POST + b"Transfer-Encoding: chunked\r\n\r\nz\r\nhello\r\n" + SMUGGLED,
    "a chunk of negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello" + SMUGGLED,
    "a chunk of 2^72 bytes": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 18 + b"\r\nhi",
    "a chunk that is longer than it says": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"
    + SMUGGLED,
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "an unknown version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "a line of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
}
# granian says 500 for a body that breaks off before its application has said anything.
REFUSALS = (b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 500 Internal Server Error\r\nserver: granian")
# What RFC 9112 lets a server read, in one way: never as more requests than that.
READ_OR_REFUSED = {
    "a length and chunks": (
        POST + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"",
    ),
    "chunks and a length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
    "a folded header": (GET + b"X-A: a\r\n  Content-Length: 60\r\n\r\n", b""),
    "lines that end with LF": (b"GET /echo HTTP/1.1\nHost: a\n\n", b""),
    "chunks in HTTP/1.0": (
        b"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"",
    ),
}


@pytest.fixture(scope="module", params=["uvicorn", "connection", "granian", "own-server"])
def port(request: pytest.FixtureRequest, served_file: Path) -> Iterator[int]:
    options, box = ["--app", "streaming:app", "--body", "1MiB"], served_file
    if request.param == "own-server":
        box = request.getfixturevalue("own_served_file")
        options = ["--own-server", "--machines", "32", "--body", "1MiB"]
    elif request.param == "connection":
        options += ["--isolation", "connection", "--machines", "64"]
    elif request.param == "granian":
        pytest.importorskip("granian", reason="granian is not installed")
        options += ["--host-lib", "granian"]
    with command(box, *options) as (port, process):
        yield port
        assert process.poll() is None


def said(port: int, sent: bytes) -> bytes:
    """All that a connection says to it until it ends it, or has nothing more to say."""
    heard = b""
    with (
        suppress(ConnectionError),  # refused before all was read
        socket.create_connection(("127.0.0.1", port), PATIENCE) as connection,
    ):
        connection.sendall(sent)
        with suppress(OSError):  # it is not connected any more
            connection.shutdown(socket.SHUT_WR)
        while got := connection.recv(1 << 16):
            heard += got
    return heard


def is_refused(heard: bytes) -> bool:
    """An answer that had begun while the request came breaks off."""
    is_broken = b"\r\ntransfer-encoding: chunked" in heard and not heard.endswith(b"\r\n0\r\n\r\n")
    return not heard or heard.startswith(REFUSALS) or is_broken


def tenant(port: int, name: str, turns: int = 1) -> None:
    """One that keeps its connection, whose machine may be the same all along."""
    with Client(port) as client:
        for turn in range(turns):
            client.ask("/secret?stream" if turn % 2 else "/secret", "GET", f"X-Secret: {name}")
            check(client, name, turn + 1)


def check(client: Client, name: str, turn: int) -> None:
    status, told = client.answer()
    assert status == 200
    heard, _, left = told.partition(b"|")
    assert set(heard.split(b",")) == {name.encode()}
    assert left in {name.encode() * number for number in (1, turn)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(port: int, name: str) -> None:
    heard = said(port, REFUSED[name])
    assert is_refused(heard), heard
    assert heard.count(b"HTTP/1.") <= 1
    assert b"smuggled" not in heard
    tenant(port, "other")


@pytest.mark.parametrize("name", READ_OR_REFUSED)
def test_what_is_read_in_one_way_or_refused(port: int, name: str) -> None:
    sent, body = READ_OR_REFUSED[name]
    heard = said(port, sent)
    assert heard.count(b"HTTP/1.") <= 1
    if b" 200 " in heard.partition(b"\r\n")[0]:
        assert body in heard
    else:
        assert is_refused(heard), heard
    tenant(port, "other")


def test_headers_of_a_megabyte(port: int) -> None:
    """One long, or many; a server holds no more of them than its bound."""
    for line in (b"X-A: " + b"a" * 1_000_000 + b"\r\n", b"X-A: a\r\n" * 120_000):
        heard = said(port, GET + line + b"\r\n")
        assert not heard or heard.split(b" ")[1] in (b"400", b"431"), heard
    tenant(port, "other")


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    with Client(port) as client:
        for number in range(6):
            client.ask("/secret?stream" if number % 2 else "/secret", "GET", f"X-Secret: {number}")
        for number in range(6):
            status, told = client.answer()
            assert (status, told[-1:]) == (200, b"%d" % number)


def test_fields_behind_a_body_are_no_headers(port: int) -> None:
    """Who stands in front (`--session-header`) may have looked at headers alone."""
    chunked = b"POST /secret HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Client(port) as client:
        client.send(chunked + b"2\r\nhi\r\n0\r\nX-Secret: behind\r\n\r\n")
        status, body = client.answer()
        assert b"behind" not in body
        assert status in (200, 500)  # that application wants the header


def test_head_and_100_continue(port: int) -> None:
    with Client(port) as client:
        client.ask("/secret", "HEAD", "X-Secret: a")
        assert client.head()[0] == 200
        client.ask("/count", "POST", "Expect: 100-continue", "Content-Length: 2")
        assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.send(b"hi")
        assert client.answer() == (200, b"2")


def test_tenants_beside_clients_that_go_away(port: int) -> None:
    """Whatever they had sent, and reset or half-closed."""

    def rude(number: int) -> None:
        for sent in (b"G", GET, POST + b"Content-Length: 9\r\n\r\nhel", SMUGGLED, SMUGGLED * 3):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
                connection.sendall(sent)
                if number % 2:
                    linger = (1).to_bytes(4, "little") + bytes(4)  # a reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                else:
                    connection.shutdown(socket.SHUT_WR)

    with ThreadPoolExecutor(12) as many:
        gone = [many.submit(rude, number) for number in range(4)]
        there = [many.submit(tenant, port, f"{number % 2}-{number}", 10) for number in range(8)]
        for one in (*gone, *there):
            one.result()


# --- who takes their time: with uvicorn, in whose place bounds are ours ---


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, served_box: boxer.Box) -> Iterator[int]:
    monkeypatch.setattr(bounded, "HEAD_TIME", 0.3)
    monkeypatch.setattr(application, "BODY_TIME", 0.3)
    with (
        served_box.pool(2) as pool,
        listening(asgi(pool, "streaming:app", rehearse=()), bounded.BoundedProtocol) as port,
    ):
        yield port


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (b"", b""),
        (GET + b"X-A: b\r\n", b"HTTP/1.1 408 "),
        (GET + b"\r\n" + GET, b"HTTP/1.1 200 "),  # its second
        (POST + b"Content-Length: 9\r\n\r\nhel", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "a head", "a second head", "a body"],
)
def test_what_does_not_come_is_not_waited_for(impatient: int, sent: bytes, heard: bytes) -> None:
    with Client(impatient) as client:
        client.send(sent)
        all_of_it = b""
        while got := client.socket.recv(1 << 16):
            all_of_it += got
    assert all_of_it.startswith(heard)
    assert (heard == b"") == (all_of_it == b"")


def test_a_head_that_comes_by_the_byte(impatient: int) -> None:
    """Each byte is no new beginning."""

    async def drip() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", impatient)
        reading = asyncio.ensure_future(reader.read())
        for byte in GET + b"X-A: " + b"b" * 10_000:
            with suppress(ConnectionError):
                writer.write(bytes((byte,)))
                await writer.drain()
            if (await asyncio.wait((reading,), timeout=0.02))[0]:
                break
        writer.close()
        return await reading

    assert asyncio.run(drip()).startswith(b"HTTP/1.1 408 ")
