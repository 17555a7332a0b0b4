"""Real servers in a box, with and without TLS, reached from outside through `-p`."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.boxes.conftest import Boxer
from tests.certificates import Authority, authority
from tests.ports import free_port

pytestmark = [pytest.mark.base, pytest.mark.network]

APPLICATIONS = Path(__file__).parent / "network" / "servers"
BOXER = Path(sys.executable).with_name("boxer")
PATIENCE = 300
DOCKERFILE = """FROM python:3.13-slim
WORKDIR /app
RUN pip install hypercorn uvicorn[standard] starlette flask django tornado aiohttp gunicorn mcp
COPY *.pem *.key /certs/
COPY *.py .
CMD ["python", "-c", "import ssl, asyncio"]
"""
KEYS = "/certs/server.pem", "/certs/server.key"
UVICORN = "uvicorn asgi:app --host 0.0.0.0 --port 8000"
HYPERCORN = "hypercorn asgi:app -b 0.0.0.0:8000"
GUNICORN = "gunicorn wsgi:app -b 0.0.0.0:8000"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = authority(tmp_path_factory.mktemp("servers"))
    made.issue("server", "DNS:localhost,IP:127.0.0.1")
    return made


@pytest.fixture(scope="module")
def box(boxer: Boxer, tls: Authority) -> Path:
    shutil.copytree(APPLICATIONS, tls.folder, dirs_exist_ok=True)
    (tls.folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", tls.folder / "box.wasm", tls.folder)
    assert made.returncode == 0, made.stderr
    return tls.folder / "box.wasm"


@contextlib.contextmanager
def serving(box: Path, words: Sequence[str]) -> Iterator[int]:
    """The port of a server in the box, once it takes connections."""
    port = free_port()
    command: list[str | Path] = [BOXER, "run", "-p", f"{port}:8000", box, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(port):
                assert process.poll() is None, process.communicate()[0].decode()
                assert time.monotonic() < end
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.communicate()


def _answers(port: int) -> bool:
    """The host takes connections before the server listens; those are refused then."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(0.3)
        try:
            return client.recv(1) != b""
        except TimeoutError:
            return True
    return False


def trusting(tls: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.root))


def got(port: int, path: str = "/", tls: Authority | None = None) -> str:
    client = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=trusting(tls))
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    )
    with contextlib.closing(client):
        client.request("GET", path)
        answer = client.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def echoed(port: int, text: str, tls: Authority | None = None) -> str:
    """What a server says to one text message of a WebSocket (RFC 6455)."""
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    with trusting(tls).wrap_socket(plain, server_hostname="127.0.0.1") if tls else plain as client:
        key = base64.b64encode(os.urandom(16)).decode()
        client.sendall(
            f"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        with client.makefile("rb") as stream:
            assert b" 101 " in stream.readline()
            while stream.readline().strip():
                pass
            mask, data = os.urandom(4), text.encode()
            hidden = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
            client.sendall(bytes([0x81, 0x80 | len(data)]) + mask + hidden)
            begun = stream.read(2)
            assert begun[0] == 0x81
            return stream.read(begun[1]).decode()


def both(certificate: str, key: str) -> list[str]:
    return [certificate, KEYS[0], key, KEYS[1]]


@pytest.mark.parametrize(
    ("words", "hello"),
    [
        (UVICORN.split(), "asgi 127.0.0.1 http 1.1"),
        (HYPERCORN.split(), "asgi 127.0.0.1 http 1.1"),
        (GUNICORN.split(), "wsgi 127.0.0.1 http"),
        (["python", "manage.py", "runserver", "0.0.0.0:8000"], "django 127.0.0.1 http"),
        (
            ["python", "manage.py", "runserver", "--noreload", "0.0.0.0:8000"],
            "django 127.0.0.1 http",
        ),
    ],
    ids=["uvicorn", "hypercorn", "gunicorn", "runserver", "runserver-noreload"],
)
def test_servers(box: Path, words: list[str], hello: str) -> None:
    with serving(box, words) as port:
        assert {got(port) for _ in range(5)} == {hello}
        if hello.startswith("asgi"):
            assert echoed(port, "abc") == "cba"


@pytest.mark.parametrize(
    ("words", "hello"),
    [
        ([*UVICORN.split(), *both("--ssl-certfile", "--ssl-keyfile")], "asgi 127.0.0.1 https 1.1"),
        ([*HYPERCORN.split(), *both("--certfile", "--keyfile")], "asgi 127.0.0.1 https 1.1"),
        ([*GUNICORN.split(), *both("--certfile", "--keyfile")], "wsgi 127.0.0.1 https"),
        (["python", "aioserver.py"], "aiohttp 127.0.0.1 https"),
        (["python", "tornadoserver.py"], "tornado 127.0.0.1 https"),
    ],
    ids=["uvicorn", "hypercorn", "gunicorn", "aiohttp", "tornado"],
)
def test_servers_with_tls(box: Path, tls: Authority, words: list[str], hello: str) -> None:
    with serving(box, words) as port:
        assert {got(port, tls=tls) for _ in range(5)} == {hello}
        if not hello.startswith("wsgi"):
            assert echoed(port, "abc", tls) == "cba"
        if words[0] == "hypercorn":
            assert with_curl(port, tls) == "asgi 127.0.0.1 https 2"


def with_curl(port: int, tls: Authority) -> str:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    words = ["curl", "-sS", "--http2", "--cacert", str(tls.root), f"https://127.0.0.1:{port}/"]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_four_workers_of_gunicorn_share_the_connections(box: Path) -> None:
    with serving(box, [*GUNICORN.split(), "-w", "4"]) as port:
        seen: set[str] = set()
        end = time.monotonic() + PATIENCE
        while len(seen) < 2 and time.monotonic() < end:  # they begin one after the other
            seen.add(got(port, "/pid"))
        assert len(seen) > 1


def test_a_client_of_websockets_from_outside(box: Path) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="pip install websockets")
    with (
        serving(box, UVICORN.split()) as port,
        client.connect(f"ws://127.0.0.1:{port}/echo") as one,
        client.connect(f"ws://127.0.0.1:{port}/echo") as other,
    ):
        for number in range(20):
            one.send(f"one {number}")
            other.send(f"other {number}")
            assert one.recv(PATIENCE) == f"one {number}"[::-1]
            assert other.recv(PATIENCE) == f"other {number}"[::-1]
        one.send("x" * 1_000_000 + "y")
        assert one.recv(PATIENCE) == "y" + "x" * 1_000_000
        assert one.ping().wait(PATIENCE)


def test_a_folder_of_files(box: Path) -> None:
    with serving(box, ["python", "-m", "http.server", "8000"]) as port:
        assert got(port, "/wsgi.py") == (APPLICATIONS / "wsgi.py").read_text()


def test_an_mcp_server(box: Path) -> None:
    with serving(box, ["python", "mcpserver.py"]) as port:
        first: dict[str, Any] = {"protocolVersion": "2025-03-26", "capabilities": {}}
        first["clientInfo"] = {"name": "test", "version": "1"}
        told = asked(port, 1, "initialize", first)
        assert told["serverInfo"]["name"] == "box"
        (tool,) = asked(port, 2, "tools/list", {})["tools"]
        assert tool["name"] == "add"
        answer = asked(port, 3, "tools/call", {"name": "add", "arguments": {"a": 2, "b": 3}})
        assert answer["content"][0]["text"] == "5"


def asked(port: int, number: int, method: str, parameters: object) -> dict[str, Any]:
    """A request of the Model Context Protocol over streamable HTTP, and its result."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
    kinds = "application/json, text/event-stream"
    headers = {"Content-Type": "application/json", "Accept": kinds}
    with contextlib.closing(client):
        client.request("POST", "/mcp", json.dumps(body), headers)
        answer = client.getresponse()
        assert answer.status == 200
        result: dict[str, Any] = json.load(answer)["result"]
        return result
