"""Clients that break HTTP, say nothing or take their time, at a server of the box's own that has
the connections as they come (`--own-server --isolation connection`): whatever it makes of them,
others never notice, and none has a machine for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.serving.running import PATIENCE, Client
from tests.serving.test_serving_clients import GET, POST, READ_OR_REFUSED, REFUSED, said, tenant
from tests.serving.test_serving_own_server import Serving, is_alone, serving

pytestmark = pytest.mark.base
OWN = ("--own-server", "--isolation", "connection")
BROKEN = {**REFUSED, **{name: sent for name, (sent, _) in READ_OR_REFUSED.items()}}


@pytest.fixture(scope="module")
def service(own_served_file: Path) -> Iterator[Serving]:
    with serving(own_served_file, *OWN, "--machines", "8") as service:
        yield service
        assert service.process.poll() is None


@pytest.fixture(scope="module")
def impatient(own_served_file: Path) -> Iterator[Serving]:
    with serving(own_served_file, *OWN, "--machines", "4", "--limit", "time=1") as service:
        yield service
        assert service.process.poll() is None


@pytest.mark.parametrize("name", BROKEN)
def test_others_never_notice_what_is_broken(service: Serving, name: str) -> None:
    heard = said(service.port, BROKEN[name])
    assert heard.count(b"HTTP/1.") <= 1
    assert b"smuggled" not in heard
    tenant(service.port, "other")


def served_in_the_end(service: Serving) -> None:
    """A tenant. On a busy machine one may say nothing for the second that it has."""

    def is_served() -> bool:
        try:
            tenant(service.port, "other")
        except ConnectionError:
            return False
        return True

    service.until(is_served)


def test_headers_of_a_megabyte(service: Serving) -> None:
    for line in (b"X-A: " + b"a" * 1_000_000 + b"\r\n", b"X-A: a\r\n" * 120_000):
        said(service.port, GET + line + b"\r\n")
    tenant(service.port, "other")


def test_tenants_beside_clients_that_go_away(service: Serving) -> None:
    def rude(number: int) -> None:
        for sent in (b"", b"G", GET, POST + b"Content-Length: 9\r\n\r\nhel"):
            with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
                connection.sendall(sent)
                if number % 2:
                    linger = (1).to_bytes(4, "little") + bytes(4)  # a reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    standing = len(service.processes())
    with ThreadPoolExecutor(12) as many:
        gone = [many.submit(rude, number) for number in range(4)]
        there = [many.submit(tenant, service.port, f"{n % 2}-{n}", 5) for n in range(8)]
        for one in (*gone, *there):
            one.result()
    service.until(lambda: len(service.processes()) <= standing)


@pytest.mark.parametrize("sent", [b"", b"G", GET, POST + b"Content-Length: 9\r\n\r\nhel"])
def test_what_does_not_come_is_not_waited_for(impatient: Serving, sent: bytes) -> None:
    """Its machine is ended, and that is told."""
    with Client(impatient.port) as client:
        client.send(sent)
        with suppress(ConnectionError):  # ended with bytes that nobody has read: a reset
            while client.socket.recv(1 << 16):
                pass
    impatient.until(lambda: b"has said nothing for 1 s" in impatient.log.read_bytes())
    served_in_the_end(impatient)


def test_a_head_that_comes_by_the_byte(impatient: Serving) -> None:
    """Each byte is no new beginning."""
    began = time.monotonic()
    with Client(impatient.port) as client, suppress(ConnectionError):
        for byte in GET + b"X-A: " + b"b" * 10_000:
            client.send(bytes((byte,)))
            time.sleep(0.02)
            assert time.monotonic() - began < 60
    served_in_the_end(impatient)


def test_what_goes_on_is_not_ended(own_served_file: Path) -> None:
    """The server says something again and again, for longer than its time."""
    with (
        serving(own_served_file, *OWN, "--machines", "4", "--limit", "time=5") as service,
        Client(service.port) as client,
    ):
        client.ask("/forever")
        _, headers = client.head()
        assert headers["transfer-encoding"] == "chunked"
        began = time.monotonic()
        while time.monotonic() - began < 7:
            assert client.chunk() == b"tick\n"


def test_who_reads_slowly_keeps_nobody_waiting(own_served_file: Path) -> None:
    """With a server in front: answers that go on are counted apart from those still to begin."""
    options = ("--own-server", "--machines", "2", "--streams", "5")
    with serving(own_served_file, *options) as service, ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(Client(service.port))
            client.ask("/large")
            assert client.head()[0] == 200
        tenant(service.port, "other", 4)


def test_more_silent_clients_than_machines(impatient: Serving) -> None:
    """No more processes than machines; others wait, which is told, and have their turn."""
    most = 4 + len([pid for pid in impatient.processes() if is_alone(pid)])
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(Client(impatient.port))
        impatient.until(lambda: b"all 4 machines have connections" in impatient.log.read_bytes())
        assert len(impatient.processes()) <= most
        served_in_the_end(impatient)
