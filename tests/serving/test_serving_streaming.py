"""Requests and answers in parts, over real connections."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import boxer
from boxer.serving import asgi
from tests.serving.running import Client, listening, until

pytestmark = pytest.mark.base
MB = 1_000_000
EVENTS = b"data: 0 1\n\ndata: 1 1\n\ndata: 2 1\n\n"


@pytest.fixture(scope="module", params=["app", "wsgi"])
def both(request: pytest.FixtureRequest, served_box: boxer.Box) -> Iterator[int]:
    limits = boxer.Limits(time=60, output="64MB", memory="256MB")
    with served_box.pool(8, limits=limits) as pool:
        yield from serve(pool, f"streaming:{request.param}")


@pytest.fixture(scope="module")
def port(served_box: boxer.Box) -> Iterator[int]:
    limits = boxer.Limits(time=60, cpu=20, output="64MB", memory="256MB")
    with served_box.pool(8, limits=limits) as pool:
        yield from serve(pool, "streaming:app")


def serve(pool: boxer.Pool, app: str) -> Iterator[int]:
    with listening(asgi(pool, app, longest=60)) as port:
        yield port
        until(lambda: pool.free == pool.size)  # each machine has been given back


def test_events_come_when_they_are_made(both: int) -> None:
    with Client(both) as client:
        for _ in range(2):
            client.ask("/events")
            status, headers = client.head()
            assert (status, headers["content-type"]) == (200, "text/event-stream")
            assert headers["x-request-id"]
            for number in range(3):
                assert client.chunk().startswith(f"data: {number}".encode())
            assert client.chunk() == b""
        client.ask("/forever")
        assert client.head()[0] == 200
        for _ in range(3):  # of an answer that has no end
            assert client.chunk().startswith(b"tick\n")


def test_a_long_answer_comes_whole(both: int) -> None:
    with Client(both) as client:
        client.ask("/large")
        status, body = client.answer()
    assert (status, body) == (200, b"0123456789abcdef" * 4096 * 160)


def test_a_body_is_read_as_it_comes(both: int) -> None:
    with Client(both) as client:
        client.ask("/echo", "POST", "Transfer-Encoding: chunked")
        client.send(b"5\r\nhello\r\n")
        time.sleep(0.05)
        client.send(b"4\r\n you\r\n0\r\n\r\n")
        assert client.answer() == (200, b"hello you")
        body = bytes(range(256)) * 12_000
        sender = threading.Thread(target=client.ask, args=("/echo", "POST"), kwargs={"body": body})
        sender.start()
        status, told = client.answer()
        sender.join()
        assert (status, told) == (200, body)


def test_an_echo_begins_before_the_body_has_ended(port: int) -> None:
    with Client(port) as client:
        client.ask("/echo", "POST", "Transfer-Encoding: chunked")
        client.send(b"5\r\nhello\r\n")
        status, headers = client.head()
        assert client.chunk() == b"hello"
        client.send(b"5\r\nagain\r\n0\r\n\r\n")
        assert (status, client.body(headers)) == (200, b"again")


def test_wsgi_reads_lines(served_box: boxer.Box) -> None:
    body = b"a line\n" * 100_000
    with (
        served_box.pool(2) as pool,
        listening(asgi(pool, "streaming:wsgi")) as port,
        Client(port) as client,
    ):
        client.ask("/lines", "POST", body=body)
        assert client.answer() == (200, body)
        client.ask("/lines", "POST", "Transfer-Encoding: chunked")
        client.send(b"3\r\na\nb\r\n0\r\n\r\n")
        assert client.answer() == (200, b"a\nb")


def test_nothing_is_asked_for_that_nobody_reads(port: int) -> None:
    with Client(port) as client:
        client.ask("/ignore", "POST", "Expect: 100-continue", "Content-Length: 5")
        assert client.head()[0] == 403
    with Client(port) as client:
        client.ask("/count", "POST", "Expect: 100-continue", "Content-Length: 5")
        assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.send(b"12345")
        assert client.answer() == (200, b"5")


def test_a_body_that_is_too_large(served_box: boxer.Box) -> None:
    with served_box.pool(2) as pool:
        application = asgi(pool, "streaming:app", body_bytes=MB)
        with listening(application) as port:
            with Client(port) as client:
                client.ask("/count", "POST", "Content-Length: 1000001")
                assert client.head()[0] == 413
            with Client(port) as client:
                client.ask("/count", "POST", "Transfer-Encoding: chunked")
                client.send(b"f4240\r\n" + b"x" * MB + b"\r\n1\r\nx\r\n0\r\n\r\n")
                assert client.head()[0] == 413
            with Client(port) as client:
                client.ask("/count", "POST", body=b"x" * MB)
                assert client.answer() == (200, b"1000000")


def test_head_has_no_body(both: int) -> None:
    with Client(both) as client:
        for path in ("/", "/large", "/events"):
            client.ask(path, "HEAD")
            assert client.head()[0] == 200
        client.ask("/")
        assert client.answer()[1].startswith(b"hello")


@pytest.mark.parametrize("path", ["/forever", "/deaf"])
def test_a_machine_whose_client_is_gone_is_ended(served_box: boxer.Box, path: str) -> None:
    with served_box.pool(1) as pool, listening(asgi(pool, "streaming:app")) as port:
        for _ in range(2):
            with Client(port) as client:
                client.ask(path)
                client.head()
                client.chunk()
                assert pool.free == 0
            until(lambda: pool.free == 1)


def test_who_reads_slowly_has_the_machine_wait(port: int) -> None:
    with Client(port) as client:
        client.ask("/large")
        status, _ = client.head()
        for _ in range(10):
            client.exactly(1000)
            time.sleep(0.01)
        rest = client.until(b"\r\n0\r\n\r\n")
    assert status == 200
    assert len(rest) > 10 * MB


@pytest.mark.parametrize("path", ["/breaks", "/long", "/short"])
def test_an_answer_that_breaks_off_is_seen_to(
    port: int, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "boxer.serve"), Client(port) as client:
        client.ask(path)
        status, headers = client.head()
        assert status == 200
        with pytest.raises(ConnectionError):
            client.body(headers)
    assert len([one for one in caplog.records if one.name == "boxer.serve"]) == 1


def test_an_answer_is_there_before_its_machine_has_ended(served_box: boxer.Box) -> None:
    """Which would work on for ever, and is ended a while later."""
    with (
        served_box.pool(1, limits=boxer.Limits(time=5)) as pool,
        listening(asgi(pool, "streaming:app")) as port,
        Client(port) as client,
    ):
        client.ask("/late")
        assert client.answer() == (200, b"done")


def test_half_closed_connections(port: int) -> None:
    with Client(port) as client:
        client.ask("/events")
        client.head()
        assert client.chunk().startswith(b"data: 0")


def test_each_request_is_fresh(both: int) -> None:
    with Client(both) as client:
        for _ in range(3):
            client.ask("/events")
            status, body = client.answer()
            assert status == 200
            assert body in (EVENTS, b"data: 0\n\ndata: 1\n\ndata: 2\n\n")


def test_trailers_where_the_server_has_them(served_box: boxer.Box) -> None:
    import asyncio

    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        if not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/trailers", "raw_path": b"/trailers",
        "query_string": b"", "headers": [], "client": None, "server": None,
        "extensions": {"http.response.trailers": {}},
    }  # fmt: skip
    with served_box.pool(1) as pool:
        asyncio.run(asgi(pool, "streaming:app")(scope, receive, send))
    assert sent[0]["trailers"] is True
    assert sent[-1] == {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
