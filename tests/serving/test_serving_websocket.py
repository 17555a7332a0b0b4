"""WebSockets to machines, with a client of the `websockets` package."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import boxer
from boxer.serving import Application, asgi
from tests.serving.running import PATIENCE, listening, until

pytestmark = pytest.mark.base
MIB = 1 << 20


@pytest.fixture(scope="module")
def application(served_box: boxer.Box) -> Iterator[Application]:
    limits = boxer.Limits(time=60, output="64MB", memory="256MB")
    with served_box.pool(4, limits=limits) as pool:
        yield asgi(pool, "streaming:app", body_bytes=4 * MIB, longest=600)


@pytest.fixture(scope="module")
def listened(application: Application) -> Iterator[int]:
    with listening(application, ws_max_size=4 * MIB) as port:
        yield port


@pytest.fixture
def port(listened: int, application: Application) -> Iterator[int]:
    """Each test begins and ends with all machines free."""
    yield listened
    served = application.served
    until(lambda: served.pool.free == served.pool.size and not served.figures.streams)


def to(port: int, path: str = "/ws/echo", *subprotocols: str) -> ClientConnection:
    wanted = [Subprotocol(name) for name in subprotocols] or None
    return connect(
        f"ws://127.0.0.1:{port}{path}", subprotocols=wanted, max_size=None, open_timeout=PATIENCE
    )


def test_messages_come_back(port: int) -> None:
    with to(port) as socket:
        assert socket.response is not None
        assert socket.response.headers["x-a"] == "b"
        for message in (
            "hello",
            "\u00e4\u20ac",
            "",
            b"",
            b"\x00\xff",
            "x" * 70_000,
            b"y" * 3 * MIB,
        ):
            socket.send(message)
            assert socket.recv(PATIENCE) == message
        assert socket.ping().wait(PATIENCE)


def test_each_connection_is_fresh(port: int) -> None:
    for _ in range(2):
        with to(port) as socket:
            socket.send("count")
            assert socket.recv(PATIENCE) == "1"


def test_subprotocols(port: int) -> None:
    with to(port, "/ws/echo", "other", "chat") as socket:
        assert socket.subprotocol == "chat"
    with to(port, "/ws/echo", "other") as socket:
        assert socket.subprotocol is None


def test_the_application_closes(port: int) -> None:
    with to(port) as socket:
        socket.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(PATIENCE)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you say")


def test_a_failure_is_1011(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "boxer.serve"), to(port) as socket:
        socket.send("fail")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
    assert "in a WebSocket" in caplog.text


def test_tasks_of_one_connection_talk_at_once(port: int) -> None:
    with to(port, "/ws/broadcast") as socket:
        told = [json.loads(message) for message in socket]
    assert sorted(told) == [[name, number] for name in "abc" for number in range(3)]
    assert socket.close_code == 1000


@pytest.mark.parametrize(
    ("path", "status", "body"), [("/ws/refuse", 403, b""), ("/ws/deny", 418, b"a teapot")]
)
def test_it_may_be_refused(port: int, path: str, status: int, body: bytes) -> None:
    with pytest.raises(InvalidStatus) as refused, to(port, path):
        pass
    assert refused.value.response.status_code == status
    assert refused.value.response.body == body


def test_there_are_as_many_as_machines(port: int) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(to(port)) for _ in range(4)]
        with pytest.raises(InvalidStatus) as refused, to(port):
            pass
        assert refused.value.response.status_code == 503
        for number, socket in enumerate(sockets):
            socket.send(str(number))
        assert [socket.recv(PATIENCE) for socket in sockets] == ["0", "1", "2", "3"]


def test_a_message_that_is_too_large_is_1009(port: int) -> None:
    with to(port) as socket:
        socket.send(b"x" * (4 * MIB + 1))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_who_takes_nothing_stops_the_machine_and_none_else(port: int) -> None:
    with to(port) as slow, to(port) as other:
        for _ in range(30):
            slow.send(b"z" * 100_000)
        other.send("still here")
        assert other.recv(PATIENCE) == "still here"
        assert [len(slow.recv(PATIENCE)) for _ in range(30)] == [100_000] * 30


def test_all_messages_together_may_be_longer_than_an_answer(served_box: boxer.Box) -> None:
    limits = boxer.Limits(output="1MB")
    with (
        served_box.pool(1, limits=limits) as pool,
        listening(asgi(pool, "streaming:app")) as port,
        to(port) as socket,
    ):
        for _ in range(4):
            socket.send(b"x" * 900_000)
            assert len(socket.recv(PATIENCE)) == 900_000
