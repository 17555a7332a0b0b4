"""What `--net-log` says of connections that come in and of how all of them end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.base

BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
SERVER = """
import socket
server = socket.create_server(("0.0.0.0", 8000))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("0.0.0.0", 8001))
print("ready", flush=True)
for _ in range(2):
    client, _ = server.accept()
    while data := client.recv(100):
        client.sendall(data * 2)
    client.close()
for _ in range(3):
    data, peer = datagrams.recvfrom(100)
    datagrams.sendto(data, peer)
left, _ = server.accept()
left.recv(100)
print("ends", flush=True)
"""


def lines_of(log: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        assert line.pop("time").endswith("Z")
    return lines


def played(box: Path, log: Path) -> tuple[list[tuple[str, int]], str]:
    """The names of the clients, in their order, and what the run told."""
    port, other = free_port(), free_port()
    words = [str(BOXER), "run", "-p", f"{port}:8000", "-p", f"{other}:8001/udp"]
    words += ["--net-log", str(log), str(box)]
    names: list[tuple[str, int]] = []
    with subprocess.Popen(
        [*words, "python", "-c", SERVER],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
            for asked in (b"abc", b""):
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                    client.sendall(asked)
                    client.shutdown(socket.SHUT_WR)
                    assert client.recv(100) == asked * 2
                    names.append(client.getsockname())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.settimeout(PATIENCE)
                for _ in range(3):
                    datagrams.sendto(b"d", ("127.0.0.1", other))
                    assert datagrams.recv(10) == b"d"
                names.append(("127.0.0.1", datagrams.getsockname()[1]))
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                names.append(client.getsockname())
                client.sendall(b"last")
                told = run.communicate(timeout=PATIENCE)[1]
        finally:
            run.kill()
    assert run.returncode == 0, told
    return names, told


def test_who_comes_in_is_logged_and_how_it_ended(
    example: Callable[[str], Path], tmp_path: Path
) -> None:
    log = tmp_path / "net.log"
    names, told = played(example("hello"), log)
    assert told == ""

    def line(what: str, name: tuple[str, int], **more: Any) -> dict[str, Any]:
        said = {"decision": "allowed", "what": what, "protocol": "tcp", "box_port": 8000}
        return {**said, "address": name[0], "port": name[1], **more}

    rule = "--publish=8000/tcp"
    assert lines_of(log) == [
        line("accept", names[0], rule=rule), line("close", names[0], sent=6, received=3),
        line("accept", names[1], rule=rule), line("close", names[1], sent=0, received=0),
        line("accept", names[2], protocol="udp", box_port=8001, rule="--publish=8001/udp"),
        line("accept", names[3], rule=rule), line("close", names[3], sent=0, received=4),
    ]  # fmt: skip


def test_a_log_that_is_full_does_not_end_a_service(example: Callable[[str], Path]) -> None:
    told = played(example("hello"), Path("/dev/full"))[1]
    assert told == (
        "boxer: the log of the network is full or cannot be written: from now on it does not say "
        "who comes in, nor how connections end\n"
    )


def test_connections_that_go_out_say_how_they_ended(
    example: Callable[[str], Path], tmp_path: Path
) -> None:
    log = tmp_path / "net.log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = f"""
import socket
with socket.create_connection(("host.boxer.internal", {port})) as server:
    server.sendall(bytes(1000))
"""
        words = [str(BOXER), "run", "--allow-net", f"host.boxer.internal:{port}"]
        words += ["--net-log", str(log), str(example("hello"))]
        subprocess.run([*words, "python", "-c", client], check=True)
    last = lines_of(log)[-1]
    assert last == {
        "decision": "allowed", "what": "close", "protocol": "tcp", "address": "254.1.1.1",
        "port": port, "sent": 1000, "received": 0,
    }  # fmt: skip
