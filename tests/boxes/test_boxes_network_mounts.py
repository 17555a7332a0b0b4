"""A server over mounted folders: its sockets and its files are told apart, for children too."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.base

BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
TURNS = 4

# Each answer is a file's content, read in a child where the number is odd; the log stays open.
SERVER = f"""
import os, socket
log = open('/log/log', 'w')
server = socket.create_server(('', 8000))
print('ready', flush=True)
for turn in range({TURNS}):
    connection, _ = server.accept()
    file = open(f'/data/{{turn}}', 'rb')
    child = os.fork() if turn % 2 else 0
    if not child:
        connection.sendall(connection.recv(9) + file.read())
        log.write(f'{{turn}} ')
        log.flush()
        if turn % 2:
            os._exit(0)
    else:
        os.wait()
    connection.close()
    file.close()
"""


def answer_of(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"asked")
        return b"".join(iter(lambda: client.recv(1 << 16), b""))


def test_a_server_has_its_folders(example: Callable[[str], Path], tmp_path: Path) -> None:
    for name in ("data", "log"):
        (tmp_path / name).mkdir()
    for turn in range(TURNS):
        (tmp_path / "data" / str(turn)).write_bytes(b"%d" % turn * 100_000)
    port = free_port()
    mounts = ["-v", f"{tmp_path}/data:/data:ro", "-v", f"{tmp_path}/log:/log"]
    words = [str(BOXER), "run", "-p", f"127.0.0.1:{port}:8000", *mounts, str(example("hello"))]
    with subprocess.Popen(
        [*words, "python", "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as box:
        try:
            assert box.stdout is not None
            assert box.stdout.readline() == "ready\n"
            for turn in range(TURNS):
                assert answer_of(port) == b"asked" + b"%d" % turn * 100_000
            assert box.wait(PATIENCE) == 0
        finally:
            box.kill()
    assert (tmp_path / "log" / "log").read_text() == "0 1 2 3 "
