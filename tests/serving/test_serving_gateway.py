"""`boxer.wsgi` in servers of the host's: answers and bodies stream, whatever the box's kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.validate import validator

import pytest

import boxer
from boxer.serving import wsgi
from tests.serving.running import PATIENCE, Client, until

pytestmark = pytest.mark.base


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def listening(application: Any) -> Iterator[int]:
    """The port of 127.0.0.1."""
    checked = validator(application)
    with make_server("127.0.0.1", 0, checked, Server, Handler) as server:
        turning = threading.Thread(target=server.serve_forever, args=(0.05,))
        turning.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            turning.join(PATIENCE)


@pytest.fixture(scope="module")
def port(served_box: boxer.Box) -> Iterator[int]:
    with (
        served_box.pool(4, limits=boxer.Limits(time=60)) as pool,
        listening(wsgi(pool, "streaming:app", body_bytes=8 << 20)) as port,
    ):
        yield port
        until(lambda: pool.free == pool.size)  # each machine has been given back


def until_closed(client: Client) -> bytes:
    got = client._rest
    while part := client.socket.recv(1 << 16):
        got += part
    return got


def test_events_come_when_they_are_made(port: int) -> None:
    with Client(port) as client:
        client.ask("/events")
        assert client.head()[0] == 200
        assert client.until(b"\n\n") == b"data: 0 1\n\n"
        assert until_closed(client) == b"data: 1 1\n\ndata: 2 1\n\n"


def test_a_long_answer_and_a_long_body(port: int) -> None:
    with Client(port) as client:
        client.ask("/large")
        assert client.head()[0] == 200
        assert len(until_closed(client)) == 160 * 65536
    with Client(port) as client:
        client.ask("/count", "POST", body=b"x" * 3_000_000)
        assert client.head()[0] == 200
        assert until_closed(client) == b"3000000"


def test_a_body_that_is_too_large(port: int) -> None:
    with Client(port) as client:
        client.ask("/count", "POST", "Content-Length: 9000000")
        assert client.head()[0] == 413


def test_who_is_gone_ends_the_machine(port: int) -> None:
    """The fixture sees that its machine was given back. What it says comes before an end."""
    with Client(port) as client:
        client.ask("/forever")
        assert client.head()[0] == 200
        for _ in range(3):
            assert client.until(b"tick\n") == b"tick\n"


def test_an_answer_that_breaks_off_is_no_whole_one(served_box: boxer.Box) -> None:
    with served_box.pool(1) as pool:
        environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/breaks"}
        environ |= {"wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}
        answer = iter(wsgi(pool, "streaming:app")(environ, lambda *told: None))
        assert next(answer) == b"some"
        with pytest.raises(ConnectionError, match="broken off"):
            list(answer)


def test_the_root_of_an_application_is_told_as_its_kind_has_it(served_box: boxer.Box) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/in", "PATH_INFO": "/x"}
    environ |= {"wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}
    with served_box.pool(1) as pool, served_box.pool(1) as other:
        [answer] = wsgi(pool, "applications:wsgi")(environ, lambda *told: None)
        assert answer.split(b"|")[:2] == [b"GET", b"/x"]
        [answer] = wsgi(other, "applications:asgi")(environ, lambda *told: None)
        assert answer.split()[:2] == [b"GET", b"/in/x"]
