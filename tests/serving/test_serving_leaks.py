"""Tenants side by side: nothing of one is another's, whatever way their requests go."""

from __future__ import annotations

import concurrent.futures
import socket
import time

import pytest

import boxer
from boxer.serving import asgi
from tests.serving.running import Client, listening

pytestmark = pytest.mark.base


def test_two_tenants_on_eight_connections(served_box: boxer.Box) -> None:
    with served_box.pool(8) as pool, listening(asgi(pool, "streaming:app")) as port:

        def tenant(number: int) -> None:
            with Client(port) as client:
                for turn in range(25):
                    secret = f"{number % 2}-{number}-{turn}"
                    path = "/secret?stream" if turn % 2 else "/secret"
                    client.ask(path, "GET", f"X-Secret: {secret}")
                    assert client.answer() == (200, f"{secret}|{secret}".encode())

        with concurrent.futures.ThreadPoolExecutor(8) as many:
            list(many.map(tenant, range(8)))


def test_idle_and_slow_connections_keep_nobody_waiting(served_box: boxer.Box) -> None:
    with served_box.pool(2) as pool, listening(asgi(pool, "streaming:app")) as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        slow = [Client(port) for _ in range(20)]
        try:
            for client in slow:
                client.send(b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12")
            time.sleep(0.1)
            with Client(port) as client:
                client.ask("/")
                assert client.answer() == (200, b"hello 1")
            for client in slow:
                client.send(b"34567890")
                assert client.answer() == (200, b"10")
        finally:
            for client in slow:
                client.socket.close()
            for connection in idle:
                connection.close()
