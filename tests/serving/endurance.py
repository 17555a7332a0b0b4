"""What a service bears, each once, with figures: `python -m tests.serving.endurance [NAME]`.

Belongs here: what takes too long, or too much of the machine, for each run of the tests. A part
that does not hold raises; what it prints is its figure.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

SERVE = [sys.executable, "-m", "boxer.cli", "serve"]
APPLICATION = """
from pathlib import Path
import time

VERSION = {version!r}
seen = 0

def app(environ, start_response):
    global seen
    seen += 1
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.3)
    if environ["PATH_INFO"] == "/eat":
        held = []
        while True:
            held.append(b"x" * (4 << 20))
    if environ["PATH_INFO"] == "/fill":
        Path("/tmp/filler").write_bytes(bytes(range(256)) * 16384)
    return [f"{{VERSION}} {{seen}}".encode()]
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.serving.endurance")
    parser.add_argument("name", nargs="*", choices=[[], *PARTS])
    with tempfile.TemporaryDirectory() as folder:
        box = built(Path(folder), "one")
        for name in parser.parse_args().name or PARTS:
            print(f"{name}: {PARTS[name](box)}", flush=True)


def built(folder: Path, version: str) -> Path:
    context = folder / version
    context.mkdir()
    (context / "app.py").write_text(APPLICATION.format(version=version))
    (context / "Dockerfile").write_text("FROM python\nWORKDIR /srv\nCOPY app.py ./\n")
    box = folder / f"{version}.wasm"
    command = [*SERVE[:-1], "build", "-q", "-o", str(box), str(context)]
    subprocess.run(command, check=True, capture_output=True)
    return box


@contextmanager
def service(box: Path, *options: str, **env: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Its port, and its process."""
    port = free_port()
    command = [*SERVE, str(box), "--app", "app:app", "-p", str(port), "--no-access-log", *options]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    ) as process:
        reading = threading.Thread(target=_read, args=(process,), daemon=True)
        reading.start()
        try:
            until(lambda: get(port) is not None, 300)
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()


said: list[str] = []


def _read(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said.clear()
    for line in process.stderr:
        said.append(line)


def get(port: int, path: str = "/", **headers: str) -> str | None:
    """None: no answer."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        told = answer.read().decode()
        connection.close()
        return told if answer.status == 200 else f"{answer.status}"
    except (OSError, http.client.HTTPException):
        return None


def until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("".join(said)[-2000:])
        time.sleep(0.1)


def family(pid: int) -> list[int]:
    """It and those it has started, also one that ends meanwhile."""
    children: list[str] = []
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def memory_of(pid: int) -> float:
    """MB that are its own: proportional set size."""
    kilobytes = 0
    for each in family(pid):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            told = Path(f"/proc/{each}/smaps_rollup").read_text()
            kilobytes += sum(map(int, re.findall(r"^Pss:\s+(\d+)", told, re.MULTILINE)))
    return kilobytes / 1e3


# --- what it bears ---


def idle(box: Path) -> str:
    """10,000 connections that ask for nothing: others are answered."""
    with service(box) as (port, process):
        before, many = memory_of(process.pid), []
        for number in range(10_000):
            address = f"127.0.0.{2 + number // 5000}"  # as many as one address has ports
            many.append(socket.create_connection(("127.0.0.1", port), 60, (address, 0)))
        after, began = memory_of(process.pid), time.perf_counter()
        for _ in range(20):
            assert get(port) == "one 1"
        took = (time.perf_counter() - began) / 20
        for one in many:
            one.close()
    each = (after - before) / 10
    return f"{each:.1f} kB a connection, an answer beside them in {took * 1e3:.1f} ms"


def sessions(box: Path) -> str:
    """1,000 sessions, each with a machine of its own."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--isolation", "session", "--session-header", "X-User", "--sessions", "1000")
        with service(box, *options, TMPDIR=folder) as (port, process):
            before, began = memory_of(process.pid), time.perf_counter()
            for number in range(1000):
                assert get(port, **{"X-User": f"u{number}"}) == "one 1", number
            took = (time.perf_counter() - began) / 1000
            until(lambda: len(files_in(folder)) >= 984, 60)
            after, disk = memory_of(process.pid), sum(files_in(folder)) / 1e6
            began = time.perf_counter()
            for number in range(0, 1000, 50):
                assert get(port, **{"X-User": f"u{number}"}) == "one 2", number
            woken = (time.perf_counter() - began) / 20
    return (
        f"a first request {took * 1e3:.1f} ms, one that wakes its machine {woken * 1e3:.1f} ms;"
        f" {after - before:.0f} MB of memory, {disk:.0f} MB on disk"
    )


def files_in(folder: str) -> list[int]:
    sizes = []
    for path in Path(folder).glob("boxer-sessions-*/*"):
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sizes


def disk_full(box: Path) -> str:
    """Sessions that cannot be put away stay awake, and lose nothing. As root: a tmpfs of 1 MB."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1M", "boxer", folder]
        if subprocess.run(mount, capture_output=True).returncode:
            return "not tried: no tmpfs can be mounted here"
        try:
            options = ("--isolation", "session", "--session-header", "X-User", "--machines", "2")
            with service(box, *options, TMPDIR=folder) as (port, _):
                for number in range(6):
                    assert get(port, "/fill", **{"X-User": f"u{number}"}) == "one 1"
                until(lambda: any("stays awake" in line for line in said), 60)
                for number in range(6):
                    assert get(port, **{"X-User": f"u{number}"}) == "one 2", number
                left = len(files_in(folder))
        finally:
            subprocess.run(["umount", "-l", folder], check=False)
    return f"6 of 6 sessions go on, {left} files left"


def memory_bound(box: Path) -> str:
    """Clients that take all the memory a request may have, again and again: others are answered."""
    options = ("--limit", "memory=256MiB", "--machines", "8", "--streams", "8")
    with service(box, *options) as (port, process):
        before, most, ends = memory_of(process.pid), 0.0, time.monotonic() + 20
        refused: list[str | None] = []

        def eat() -> None:
            while time.monotonic() < ends:
                refused.append(get(port, "/eat"))

        hungry = [threading.Thread(target=eat) for _ in range(4)]
        for thread in hungry:
            thread.start()
        times = []
        while time.monotonic() < ends:
            began = time.perf_counter()
            assert get(port) == "one 1"
            times.append(time.perf_counter() - began)
            most = max(most, memory_of(process.pid))
        for thread in hungry:
            thread.join()
        assert set(refused) == {"500"}, set(refused)
        after = memory_of(process.pid)
    times.sort()
    return (
        f"{len(refused)} requests ended at 256 MiB, {len(times)} beside them answered,"
        f" half within {times[len(times) // 2] * 1e3:.0f} ms, the slowest {times[-1] * 1e3:.0f};"
        f" {before:.0f} MB before, {most:.0f} at most, {after:.0f} behind"
    )


def killed(box: Path) -> str:
    """kill -9 of a worker under load: the others go on, and there is a new one."""
    with service(box, "--workers", "2") as (port, process):
        until(lambda: len(workers_of(process.pid)) == 2, 120)
        first, ends = workers_of(process.pid), time.monotonic() + 10
        answered, lost = load(port, ends, meanwhile=lambda: os.kill(first[0], signal.SIGKILL))

        def is_replaced() -> bool:
            now = workers_of(process.pid)
            return len(now) == 2 and first[0] not in now

        until(is_replaced, 120)
        assert answered > 0
    return f"{answered} answered, {lost} lost; a new worker came"


def upgraded(box: Path) -> str:
    """The box is replaced, and SIGHUP sent: no request is lost, and the new one answers."""
    with tempfile.TemporaryDirectory() as folder:
        current, other = Path(folder) / "current.wasm", built(Path(folder), "two")
        current.write_bytes(box.read_bytes())
        with service(current, "--workers", "2") as (port, process):
            until(lambda: len(workers_of(process.pid)) == 2, 120)

            def upgrade() -> None:
                other.replace(current)
                process.send_signal(signal.SIGHUP)

            answered, lost = load(port, time.monotonic() + 20, meanwhile=upgrade)
            until(lambda: all((get(port) or "").startswith("two") for _ in range(8)), 120)
            assert lost == 0, (answered, lost)
    return f"{answered} answered, {lost} lost"


def workers_of(pid: int) -> list[int]:
    """Of uvicorn's supervisor: multiprocessing's other process is no worker."""
    found = []
    for each in family(pid)[1:]:
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
    return found


def load(port: int, ends: float, meanwhile: Callable[[], None]) -> tuple[int, int]:
    """Requests of four clients that were answered, and that were not."""
    answers: list[bool] = []

    def ask() -> None:
        while time.monotonic() < ends:
            answers.append(get(port, "/slow" if len(answers) % 5 == 0 else "/") is not None)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    meanwhile()
    for thread in threads:
        thread.join()
    return sum(answers), len(answers) - sum(answers)


PARTS: dict[str, Callable[[Path], str]] = {
    "idle": idle,
    "sessions": sessions,
    "disk_full": disk_full,
    "memory_bound": memory_bound,
    "killed": killed,
    "upgraded": upgraded,
}

if __name__ == "__main__":
    main()
