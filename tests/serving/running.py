"""A server of this process in front of a served box, and a client by the byte."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.ports import free_port

HERE = Path(__file__).resolve().parent
# Seconds for what takes a moment where the machine is not busy.
PATIENCE = 300


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def build(folder: Path, dockerfile: str, *files: str) -> Path:
    """The box of a folder, with files of this one; skips where packages cannot be had."""
    for name in files:
        (folder / name).write_bytes((HERE / name).read_bytes())
    (folder / "Dockerfile").write_text(dockerfile)
    made = folder / "served.wasm"
    command = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(made), str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if "package-fetch" in built.stderr:
        pytest.skip("the packages cannot be had here")
    assert built.returncode == 0, built.stderr
    return made


@contextmanager
def listening(application: Any, protocol: Any = "httptools", **options: Any) -> Iterator[int]:
    """The port of 127.0.0.1."""
    config = uvicorn.Config(
        application, port=0, http=protocol, ws="websockets-sansio", log_level="error",
        lifespan="on", timeout_graceful_shutdown=2, **options,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def command(box: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port of `boxer serve`, once it answers, and its process."""
    port = free_port()
    words = [sys.executable, "-m", "boxer.cli", "serve", str(box), "-p", str(port), *options]
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with subprocess.Popen(words, **quiet) as process:  # type: ignore[call-overload]
        try:
            until(lambda: _answers(port) or process.poll() is not None)
            assert process.poll() is None, words
            yield port, process
        finally:
            process.terminate()
            try:
                process.wait(60)
            finally:
                process.kill()


def _answers(port: int) -> bool:
    try:
        with Client(port) as client:
            client.ask("/")
            return client.head()[0] > 0
    except OSError:
        return False


class Client:
    """A connection, by the byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._rest = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *raised: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, path: str, method: str = "GET", *headers: str, body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: a", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def until(self, end: bytes) -> bytes:
        """What comes up to `end`, which is the last of it."""
        while end not in self._rest:
            got = self.socket.recv(1 << 16)
            if not got:
                raise ConnectionError(self._rest[-99:])
            self._rest += got
        found, _, self._rest = self._rest.partition(end)
        return found + end

    def head(self) -> tuple[int, dict[str, str]]:
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:] if line]
        return int(lines[0].split()[1]), {name.lower(): value for name, value in pairs}

    def exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            got = self.socket.recv(1 << 16)
            if not got:
                raise ConnectionError(self._rest[-99:])
            self._rest += got
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def chunk(self) -> bytes:
        size = int(self.until(b"\r\n"), 16)
        return self.exactly(size + 2)[:-2]

    def body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self.exactly(int(headers["content-length"]))
        parts = []
        while part := self.chunk():
            parts.append(part)
        return b"".join(parts)

    def answer(self) -> tuple[int, bytes]:
        status, headers = self.head()
        return status, self.body(headers)
