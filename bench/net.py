"""Measures the network of boxes beside native Python: `python -m bench.net`.

Method: server and client share the loopback; the server, in a box and natively, is kept to one
core, and `wrk` to another. Each figure is of one run of some seconds, so that a machine which does
nothing else is needed. Packages of both sides come from the same index at the same time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench import wrk
from tests.certificates import authority

BOXER = Path(sys.executable).with_name("boxer")
PACKAGES = ["uvicorn", "starlette", "gunicorn", "flask"]
SECONDS, CONNECTIONS = 10, 64
BULK = 1 << 30
HANDSHAKES = 200
STARTS = 15
SERVERS = {
    "uvicorn + Starlette": ["-m", "uvicorn", "--log-level", "critical", "--port", "{}", "asgi:app"],
    "gunicorn sync + Flask": ["-m", "gunicorn", "-b", "127.0.0.1:{}", "wsgi:app"],
}
FILES = {
    "asgi.py": """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/", hello)])
""",
    "wsgi.py": """
from flask import Flask
app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"
""",
    "bulk.py": """
import socket, sys
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
block, room = bytes(1 << 18), bytearray(1 << 18)
while True:
    client, _ = server.accept()
    way, left = client.recv(1), int(sys.argv[2])
    while left > 0 and way == b"o":
        left -= client.send(block)
    while left > 0 and way == b"i":
        left -= client.recv_into(room)
    client.close()
""",
    "hands.py": """
import socket, ssl, sys, time
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
context = ssl.create_default_context(cafile="ca.pem")
def shake():
    with socket.create_connection((host, port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.recv(1)
shake()
began = time.process_time()
for _ in range(count):
    shake()
print((time.process_time() - began) / count * 1000)
""",
}


def main() -> int:
    if not shutil.which("taskset"):
        print("`taskset` is needed: apt-get install util-linux", file=sys.stderr)
        return 1
    wrk.words()
    with tempfile.TemporaryDirectory(prefix="boxer-net-") as name:
        folder = Path(name)
        tls = authority(folder)
        tls.issue("server", "DNS:localhost")
        native = prepare(folder)
        print(f"{'what':<44}{'box':>12}{'native':>12}")
        for title, words in SERVERS.items():
            load(title, folder, native, words)
        bulk(folder, native)
        handshakes(folder, native)
        starts(folder, native)
    return 0


def prepare(folder: Path) -> Path:
    """Builds the box and a native environment; returns the Python of the latter."""
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip())
    (folder / "Dockerfile").write_text(
        f"FROM python:3.13-slim\nWORKDIR /app\nRUN pip install {' '.join(PACKAGES)}\n"
        'COPY *.py ca.pem .\nCMD ["python", "-c", "import asgi, wsgi, ssl"]\n'
    )
    subprocess.run([BOXER, "build", "-q", "-o", folder / "box.wasm", folder], check=True)
    own = shutil.which("python3.13") or sys.executable
    subprocess.run([own, "-m", "venv", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def load(title: str, folder: Path, native: Path, words: list[str]) -> None:
    rates, tails = [], []
    for start in (in_a_box, natively):
        with start(folder, native, words) as port:
            told = asked(port)
            rates.append(told.rate)
            tails.append(told.p99)
    row(f"{title}: requests a second", *rates)
    row(f"{title}: p99, ms", *tails)


@contextlib.contextmanager
def in_a_box(folder: Path, native: Path, words: list[str]) -> Iterator[int]:
    port = free_port()
    inside: list[str] = []
    for word in words:
        if word == "--port":
            inside += ["--host", "0.0.0.0"]
        inside.append(word.replace("127.0.0.1", "0.0.0.0").format(8000))
    command = [str(BOXER), "run", "-p", f"{port}:8000", str(folder / "box.wasm"), "python", *inside]
    with running(command, folder, port):
        yield port


@contextlib.contextmanager
def natively(folder: Path, native: Path, words: list[str]) -> Iterator[int]:
    port = free_port()
    with running([str(native), *(word.format(port) for word in words)], folder, port):
        yield port


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    words = ["taskset", "-c", "0", *command]
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            while not answers(port):
                time.sleep(0.1)
            time.sleep(1)
            yield
        finally:
            process.terminate()
            process.wait()


def answers(port: int) -> bool:
    """The host takes connections for a box before it listens, and refuses them then."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(0.3)
        try:
            return client.recv(1) != b""
        except TimeoutError:
            return True
    return False


def asked(port: int) -> wrk.Answered:
    """By wrk, on the last core."""
    first = ["taskset", "-c", str((os.cpu_count() or 2) - 1)]
    return wrk.ask(port, CONNECTIONS, SECONDS, first=first)


def bulk(folder: Path, native: Path) -> None:
    for way, title in ((b"o", "out of"), (b"i", "into")):
        speeds = []
        for start in (in_a_box, natively):
            with start(folder, native, ["bulk.py", "{}", str(BULK)]) as port:
                speeds.append(moved(port, way))
        row(f"1 GiB {title} the server, MB/s", *speeds)


def moved(port: int, way: bytes) -> float:
    block, room, left = bytes(1 << 18), bytearray(1 << 18), BULK
    with socket.create_connection(("127.0.0.1", port)) as client:
        began = time.perf_counter()
        client.sendall(way)
        while left > 0 and way == b"i":
            left -= client.send(block)
        if way == b"i":
            client.shutdown(socket.SHUT_WR)
        while client.recv_into(room):
            pass
        return BULK / (time.perf_counter() - began) / 1e6


def handshakes(folder: Path, native: Path) -> None:
    """TLS 1.3 with X25519 and ECDSA: the client's processor time."""
    with tls_server(folder) as port:
        words = ["hands.py", "host.boxer.internal", str(port), str(HANDSHAKES)]
        grant = ["--allow-net", f"host.boxer.internal:{port}"]
        box = [str(BOXER), "run", *grant, str(folder / "box.wasm"), "python", *words]
        own = [str(native), *words[:1], "127.0.0.1", *words[2:]]
        times = [
            float(subprocess.run(w, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)
            for w in (box, own)
        ]
    row("connect and TLS handshake, client's CPU, ms", *times)


def starts(folder: Path, native: Path) -> None:
    """A run that uses no network is started by the launcher; one with ports by Python."""
    box, program = str(folder / "box.wasm"), ["python", "-c", "pass"]
    own = begun([str(native), *program[1:]])
    row("a run without a network, ms", begun([str(BOXER), "run", box, *program]), own)
    row("a run with a port, ms", begun([str(BOXER), "run", "-p", "8000", box, *program]), own)


def begun(words: list[str]) -> float:
    """From start to end: the median of many, in ms."""
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(words, stderr=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


@contextlib.contextmanager
def tls_server(folder: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with context.wrap_socket(client, server_side=True) as secured:
                        secured.send(b"x")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def row(title: str, box: float, native: float) -> None:
    print(f"{title:<44}{box:>12.1f}{native:>12.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
