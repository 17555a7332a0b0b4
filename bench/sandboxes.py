"""What a sandbox for an agent costs.

`python -m bench.sandboxes [--json]`

Method: a template of the Python base; each figure is the median and the 99th of TIMES, after WARM
that are not counted, in milliseconds. `life`: a machine is started, runs a cell, is closed. `http`:
the same by the unmodified e2b SDK in this process, and `boxer serve --e2b` in another. `floor`: the
SDK's own part of that, with a server that answers at once and does nothing (`bench.answers`).
`plain`: the same three requests to `boxer serve --e2b` by a client that only writes and reads, over
connections that stay: what is Boxer's. `cell`,
`program`: one more in a machine that is there. `fork`: of a machine that has run cells, and its
end. `save`, `restore`: to a file and from it.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import boxer
from boxer.benchmark import percentile

TIMES, WARM = 200, 20
KEY = "bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sandboxes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    if options.json:
        print(json.dumps(found))
        return
    for name, (middle, most) in found.items():
        print(f"{name:10} {middle:8.2f} {most:8.2f}")


def measure(folder: Path) -> dict[str, tuple[float, float]]:
    """name: median and 99th, ms."""
    (folder / "Dockerfile").write_text("FROM python:3.13-slim\n")
    box = boxer.build(folder)
    template = box.template()
    with template.start() as machine, served(folder) as place:
        machine.cell("x = 1")
        kept = folder / "kept"
        machine.save(kept)

        def life() -> None:
            with template.start() as one:
                one.cell("print(1 + 1)")

        def restore() -> None:
            template.restore(kept).close()

        return {
            "life": timed(life),
            "http": timed(lambda: live(place)),
            "plain": plain(place),
            "floor": floor(),
            "cell": timed(lambda: machine.cell("x + 1")),
            "fork": timed(lambda: machine.fork().close()),
            "save": timed(lambda: machine.save(kept)),
            "restore": timed(restore),
            "program": timed(lambda: machine.run(["sh", "-c", "true"])),
        }


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of sandboxes."""
    path = folder / "box.wasm"
    build = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(path), str(folder)]
    subprocess.run(build, check=True, capture_output=True)
    command = [sys.executable, "-m", "boxer.cli", "serve", str(path), "--e2b", "-p", "0"]
    command += ["--no-access-log"]
    env = {**os.environ, "BOXER_API_KEY": KEY}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                name, _, value = line.strip().removeprefix("export ").partition("=")
                if name == "E2B_SANDBOX_URL":
                    yield value
                    break
        finally:
            process.terminate()
            process.wait(60)


def live(address: str) -> None:
    """A life by the SDK."""
    os.environ["E2B_API_KEY"] = KEY  # read when it is imported
    sdk = import_module("e2b_code_interpreter")
    to = {"api_url": address, "sandbox_url": address}
    sandbox = sdk.Sandbox.create(timeout=60, **to)
    sandbox.run_code("print(1 + 1)")
    sandbox.kill()


def floor() -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.answers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            return timed(lambda: live(address))
        finally:
            process.terminate()


def plain(address: str) -> tuple[float, float]:
    host, _, port = address.removeprefix("http://").partition(":")
    made = {"templateID": "default", "timeout": 60, "metadata": {}, "envVars": {}}
    with Plain(host, int(port)) as api, Plain(host, int(port)) as interpreter:

        def once() -> None:
            told = json.loads(api.ask("POST", "/v2/sandboxes", {"x-api-key": KEY}, made))
            head = {"e2b-sandbox-id": told["sandboxID"], "x-access-token": told["envdAccessToken"]}
            said = interpreter.ask("POST", "/execute", head, {"code": "print(1 + 1)"})
            assert b'"2\\n"' in said, said
            api.ask("DELETE", f"/sandboxes/{told['sandboxID']}", {"x-api-key": KEY})

        return timed(once)


class Plain:
    """A connection that stays, without any library's client."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, headers: dict[str, str], body: object = None) -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        told = {"host": "127.0.0.1", "content-length": str(len(data)), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in told.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode() + data)
        got = b""
        while not is_whole(got):
            more = self._socket.recv(1 << 16)
            assert more, got
            got += more
        return got.partition(b"\r\n\r\n")[2]

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *raised: object) -> None:
        self._socket.close()


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, told, rest = head.partition(b"content-length: ")
    return bool(end) and len(body) >= (int(rest.split(b"\r\n")[0]) if told else 0)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for number in range(TIMES + WARM):
        began = time.perf_counter()
        work()
        if number >= WARM:
            taken.append((time.perf_counter() - began) * 1000)
    return percentile(taken, 0.5), percentile(taken, 0.99)


if __name__ == "__main__":
    main()
