"""What calls of typed functions take: `python -m bench.functions`, on a quiet machine.

A typed call of a small pydantic model and the same without validation, a chain of three, a function
of the host, JavaScript, and a megabyte of bytes. Beside them: the same function as a plain call of
Python, and what peers take for a value (pyeryx: read and written as JSON by a fresh Python; Extism:
bytes echoed by a fresh plugin and by a kept one, no language's runtime in it).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boxer
from bench.peers import Peer, environment, newer_python, start
from boxer.functions import build_function, project_of
from recipes.workshop import cache_root

CALLS = 5000
GUEST = """
import pydantic
from boxer import Next
from boxer.host import other


class User(pydantic.BaseModel):
    name: str
    age: int
    tags: list[str] = []


def model(user: User) -> User:
    return user


def size(data: bytes) -> bytes:
    return data


def first(number: int, next: Next[int, int]) -> int:
    return next(number + 1)


def last(number: int) -> int:
    return number + 1


def ask(count: int) -> int:
    for _ in range(count):
        other.echo({"a": 1, "b": "x"})
    return count
"""
SCRIPT = "export default function handler(number: number): number { return number + 1; }\n"
PEERS = {"pyeryx-values": "pyeryx==0.11.0", "extism-values": "extism==1.1.1"}
ROUNDS, SECONDS = 10, 0.1
USER = {"name": "Ada", "age": 36, "tags": ["a", "b"]}


class Other:
    """The host's."""

    def echo(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


def median_us(call: Callable[[], Any], count: int = CALLS) -> float:
    for _ in range(200):
        call()
    times = []
    for _ in range(count):
        began = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1000


def main() -> None:
    host = {"other": Other()}
    with tempfile.TemporaryDirectory() as name:
        folder, boxes = Path(name) / "source", Path(name)
        folder.mkdir()
        (folder / "guests.py").write_text(GUEST)
        (folder / "requirements.txt").write_text("pydantic\n")

        def opened(entry: str, **options: Any) -> boxer.Function:
            path = boxes / f"{entry}.wasm"
            if not path.exists():
                path.write_bytes(build_function(project_of(f"{folder}/guests:{entry}")).data)
            return boxer.function(path, size=1, host=host, **options)

        model, raw = opened("model"), opened("model", validate=False)
        rows = [("typed call, pydantic model", median_us(lambda: model(USER)), 45.0)]
        plain = opened("last")
        one = median_us(lambda: plain(1))
        rows.append(("typed call, an integer", one, 30.0))
        loose = opened("last", validate=False)
        rows.append(("the same without validation", median_us(lambda: loose(1)), 30.0))
        chain = boxer.chain(opened("first"), opened("first"), opened("last"))
        three = median_us(lambda: chain(1), 2000)
        rows.append(("chain of three", three, one * 3.3))
        ask = opened("ask")
        ask(100)
        began = time.perf_counter()
        ask(20_000)
        rows.append(("function of the host", (time.perf_counter() - began) / 20_000 * 1e6, 12.0))
        size, data = opened("size"), b"x" * (1 << 20)
        rows.append(("1 MiB of bytes, both ways", median_us(lambda: size(data), 500), 600.0))
        raw.close()
        (folder / "script.ts").write_text(SCRIPT)
        script = boxes / "script.wasm"
        script.write_bytes(build_function(project_of(f"{folder}/script.ts")).data)
        javascript = boxer.function(script, size=1)
        rows.append(("JavaScript, an integer", median_us(lambda: javascript(1)), 30.0))
        loose = boxer.function(script, size=1, validate=False)
        rows.append(("the same without validation", median_us(lambda: loose(1)), 30.0))
    for what, took, reach in rows:
        print(f"{what:48} {took:8.1f} us   reach {reach:6.1f}")
    plain_python = median_us(lambda: USER | {"age": 37})
    print(f"{'a plain call of Python':48} {plain_python:8.1f} us")
    for peer in peers():
        for kind, times in peer.samples.items():
            took = statistics.median(times) * 1e6
            print(f"{peer.name} {peer.version}, {kind}".ljust(48), f"{took:8.1f} us")


def peers() -> list[Peer]:
    """Those that can be installed, each in an environment of its own, after their samples."""
    python, folder = newer_python(), cache_root() / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, package in PEERS.items():
        if python is None:
            print(f"{name} is left out: no Python of 3.12 or later")
            continue
        worker = str(Path(__file__).with_name("peer.py"))
        peer = start(name, [environment(folder, name, package, python), worker, name])
        peer.hello()
        peer.sample(keep=False)
        for _ in range(ROUNDS):
            peer.sample()
        peer.process.terminate()
        peer.process.wait()
        found.append(peer)
    return found


if __name__ == "__main__":
    main()
