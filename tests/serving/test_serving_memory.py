"""Requests that take all the memory they may have: that is their own failure, others are answered
beside and after them, and the host's memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.serving.running import Client, build, command

pytestmark = pytest.mark.base
MB, AT_ONCE = 1 << 20, 8
# Who has left may be noticed a little later than who comes next.
MACHINES = 2 * AT_ONCE
LIMIT = 128
# Of a service without requests, and of what a call leaves to the next ones on the host.
REST = 400
# What all machines of a process that are put back may hold on to (native/tracking.c).
KEPT = 256


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dockerfile = 'FROM python\nWORKDIR /srv\nCOPY eating.py ./\nCMD ["gunicorn", "eating:wsgi"]\n'
    return build(tmp_path_factory.mktemp("eating"), dockerfile, "eating.py")


def memory_of(pid: int, name: str) -> int:
    """MB, of a process and those it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    # A zombie has no such line.
    size = sum(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))
    for child in children:
        with suppress(OSError):  # it has ended meanwhile
            size += memory_of(int(child), name)
    return size


KINDS = {
    "wsgi": ("wsgi",),
    "asgi": ("app",),
    "function": ("function",),
    "connection": ("wsgi", "--isolation", "connection"),
    "session": ("app", "--isolation", "session"),
    "session of wsgi": ("wsgi", "--isolation", "session"),
}


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, box: Path) -> Iterator[tuple[str, int, int]]:
    app, *options = KINDS[request.param]
    more = ["--machines", str(MACHINES), "--streams", str(MACHINES), "--body", "512MiB"]
    more += ["--limit", f"memory={LIMIT}MiB", *options]
    with command(box, "--app", f"eating:{app}", *more) as (port, process):
        yield app, port, process.pid
        assert process.poll() is None


def ask(app: str, port: int, path: str, body: bytes = b"") -> tuple[int, bytes]:
    with Client(port) as client:
        client.socket.settimeout(120)
        if app == "function":
            client.ask("/", "POST", body=f'"{path}"'.encode())
        else:
            client.ask(path, "POST" if body else "GET", body=body)
        return client.answer()


def test_eight_at_once(served: tuple[str, int, int]) -> None:
    app, port, pid = served

    def visit(number: int) -> None:
        for turn in range(3):
            is_hungry = (number + turn) % 2 == 0
            status, body = ask(app, port, "/eat" if is_hungry else "/")
            if is_hungry:
                assert (status, body) == (500, b"Internal Server Error\n")
            else:
                assert (status, body.strip(b'"')) == (200, b"ok")

    before = memory_of(pid, "VmRSS")
    with ThreadPoolExecutor(AT_ONCE) as many:
        list(many.map(visit, range(AT_ONCE)))
    assert memory_of(pid, "VmHWM") < before + (MACHINES + 1) * LIMIT + REST
    assert ask(app, port, "/")[0] == 200


@pytest.mark.parametrize("path", ["/eat", "/zeros"])
def test_machines_that_were_put_back_hold_on_to_little(
    served: tuple[str, int, int], path: str, request: pytest.FixtureRequest
) -> None:
    if any(kind in request.node.name for kind in ("session", "connection")):
        pytest.skip("a machine that lives on is not put back")
    app, port, pid = served
    before = memory_of(pid, "RssAnon")
    with ThreadPoolExecutor(AT_ONCE) as many:
        assert all(
            status == 500 for status, _ in many.map(lambda _: ask(app, port, path), range(16))
        )
    # Memory that was filled with zeros is as the image has it, and no less the host's.
    assert memory_of(pid, "RssAnon") < before + KEPT + LIMIT


def test_a_body_that_is_too_much(served: tuple[str, int, int]) -> None:
    app, port, pid = served
    if app == "function":
        pytest.skip("it has its body whole, within the limit of a call")
    before = memory_of(pid, "VmRSS")
    assert ask(app, port, "/copies", bytes(1000)) == (200, b"3000")
    assert ask(app, port, "/copies", bytes(60 * MB))[0] == 500
    assert ask(app, port, "/copies", bytes(1000)) == (200, b"3000")
    assert memory_of(pid, "VmHWM") < before + (MACHINES + 1) * LIMIT + REST
