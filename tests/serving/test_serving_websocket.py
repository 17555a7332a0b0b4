"""WebSockets to machines, with a client of the `websockets` package."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import boxer
from boxer.serving import asgi
from tests.serving.running import listening

pytestmark = pytest.mark.base
MIB = 1 << 20


@pytest.fixture(scope="module")
def port(served_box: boxer.Box) -> Iterator[int]:
    limits = boxer.Limits(time=5, output="64MB", memory="256MB")
    with served_box.pool(4, limits=limits) as pool:
        application = asgi(pool, "streaming:app", body_bytes=4 * MIB, longest=30)
        with listening(application, ws_max_size=4 * MIB) as port:
            yield port
        deadline = time.monotonic() + 10
        while pool.free < pool.size and time.monotonic() < deadline:
            time.sleep(0.05)
        assert pool.free == pool.size, "a machine was not given back"


def to(port: int, path: str = "/ws/echo", *subprotocols: str) -> ClientConnection:
    wanted = [Subprotocol(name) for name in subprotocols] or None
    return connect(f"ws://127.0.0.1:{port}{path}", subprotocols=wanted, max_size=None)


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
            assert socket.recv(20) == message
        socket.ping().wait(5)


def test_each_connection_is_fresh(port: int) -> None:
    for _ in range(2):
        with to(port) as socket:
            socket.send("count")
            assert socket.recv(20) == "1"


def test_subprotocols(port: int) -> None:
    with to(port, "/ws/echo", "other", "chat") as socket:
        assert socket.subprotocol == "chat"
    with to(port, "/ws/echo", "other") as socket:
        assert socket.subprotocol is None


def test_the_application_closes(port: int) -> None:
    with to(port) as socket:
        socket.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you say")


def test_a_failure_is_1011(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "boxer.serve"), to(port) as socket:
        socket.send("fail")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
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


def wait_for_room(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with ExitStack() as stack:
                for _ in range(4):
                    stack.enter_context(to(port))
            return
        except InvalidStatus:
            time.sleep(0.1)


def test_there_are_as_many_as_machines(port: int) -> None:
    wait_for_room(port)
    time.sleep(0.2)
    with ExitStack() as stack:
        sockets = [stack.enter_context(to(port)) for _ in range(4)]
        with pytest.raises(InvalidStatus) as refused, to(port):
            pass
        assert refused.value.response.status_code == 503
        for number, socket in enumerate(sockets):
            socket.send(str(number))
        assert [socket.recv(20) for socket in sockets] == ["0", "1", "2", "3"]


def test_a_message_that_is_too_large_is_1009(port: int) -> None:
    with to(port) as socket:
        socket.send(b"x" * (4 * MIB + 1))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_who_takes_nothing_stops_the_machine_and_none_else(port: int) -> None:
    wait_for_room(port)
    with to(port) as slow, to(port) as other:
        for _ in range(30):
            slow.send(b"z" * 100_000)
        other.send("still here")
        assert other.recv(20) == "still here"
        assert [len(slow.recv(20)) for _ in range(30)] == [100_000] * 30


def test_all_messages_together_may_be_longer_than_an_answer(served_box: boxer.Box) -> None:
    limits = boxer.Limits(output="1MB")
    with (
        served_box.pool(1, limits=limits) as pool,
        listening(asgi(pool, "streaming:app")) as port,
        to(port) as socket,
    ):
        for _ in range(4):
            socket.send(b"x" * 900_000)
            assert len(socket.recv(20)) == 900_000
