"""What calls leave of the network: nothing to another caller, all to a machine that goes on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import boxer

pytestmark = pytest.mark.base

APP = """
import socket

KEPT = []

def open_one(port):
    KEPT.append(socket.create_connection(("host.boxer.internal", port)))
    KEPT[-1].sendall(b"opened")
    return len(KEPT)

def open_many(port):
    for _ in range(30):
        open_one(port)
    KEPT.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    KEPT[-1].sendto(b"x", (KEPT[0].getpeername()[0], port))
    return len(KEPT)

def use():
    KEPT[0].sendall(b"used")
    return KEPT[0].recv(10).decode()

def servers():
    try:
        return open("/etc/resolv.conf").read()
    except FileNotFoundError:
        return ""
"""
PATIENCE = 300


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    context = tmp_path_factory.mktemp("network")
    (context / "app.py").write_text(APP)
    (context / "Dockerfile").write_text(
        'FROM python:3.13-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n'
    )
    return boxer.build(context)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as made:
        made.settimeout(PATIENCE)
        yield made


def network_of(server: socket.socket) -> boxer.Network:
    return boxer.Network(allow=[f"host.boxer.internal:{server.getsockname()[1]}"])


def descriptors() -> set[str]:
    """Those of this process that are sockets or epolls."""
    found = set()
    for number in Path("/proc/self/fd").iterdir():
        try:
            target = str(number.readlink())
        except FileNotFoundError:
            continue
        if "socket:" in target or "eventpoll" in target or "eventfd" in target:
            found.add(f"{number.name} {target}")
    return found


def rest_of(connection: socket.socket) -> bytes:
    connection.settimeout(PATIENCE)
    with connection:
        parts = []
        while part := connection.recv(100):
            parts.append(part)
        return b"".join(parts)


def test_a_call_leaves_no_socket_to_the_next(box: boxer.Box, server: socket.socket) -> None:
    port = server.getsockname()[1]
    with box.pool(size=1, network=network_of(server)) as pool:
        before = descriptors()
        for _ in range(3):
            assert pool.call("app:open_one", port) == 1
            assert rest_of(server.accept()[0]) == b"opened"
            assert descriptors() == before
        assert pool.call("app:open_many", port) == 31
        for _ in range(30):
            assert rest_of(server.accept()[0]) == b"opened"
        assert descriptors() == before


def test_a_machine_that_goes_on_keeps_its_connections(
    box: boxer.Box, server: socket.socket, tmp_path: Path
) -> None:
    port = server.getsockname()[1]
    with box.start(network=network_of(server)) as machine:
        assert machine.call("app:open_one", port) == 1
        connection = server.accept()[0]
        assert connection.recv(6) == b"opened"
        connection.sendall(b"answer")
        assert machine.call("app:use") == "answer"
        assert connection.recv(4) == b"used"
        with machine.fork() as other:  # which has the object, and no connection behind it
            with pytest.raises(boxer.GuestError, match="ConnectionResetError"):
                other.call("app:use")
            assert other.call("app:open_one", port) == 2
            with server.accept()[0] as second:
                assert second.recv(6) == b"opened"
        assert machine.call("app:open_one", port) == 2
        server.accept()[0].close()
        with pytest.raises(boxer.BoxerError, match=f"254.1.1.1 port {port}"):
            machine.commit(tmp_path / "kept.wasm")
    assert rest_of(connection) == b""


def test_names_are_asked_where_a_network_is(box: boxer.Box, server: socket.socket) -> None:
    with box.pool(size=1, network=network_of(server)) as pool:
        assert pool.call("app:servers").startswith("nameserver 127.0.0.11\n")
    with box.pool(size=1) as pool:
        assert "127.0.0.11" not in pool.call("app:servers")
