"""Boxes whose command is a server of its own: each request, or connection, begins where the server
stood when it waited for its first one."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.serving.running import Client, build

pytestmark = pytest.mark.base
# A loaded machine compiles, imports and begins.
PATIENCE = 400
TOLD = re.compile(rb"(?:Serving|running) on https?://127\.0\.0\.1:(\d+)")


class Serving:
    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port, self.process, self.log = port, process, log

    def get(self, path: str = "/", *headers: str) -> dict[str, Any]:
        with Client(self.port) as client:
            client.ask(path, "GET", *headers)
            status, body = client.answer()
            assert status == 200, body
            return dict(json.loads(body))

    def processes(self) -> list[int]:
        """All below the command's own. One that has ended meanwhile is there without its own."""
        found: list[int] = []
        below = [self.process.pid]
        while below:
            pid = below.pop()
            with suppress(OSError):
                for children in Path(f"/proc/{pid}/task").glob("*/children"):
                    with suppress(OSError):
                        new = [int(word) for word in children.read_text().split()]
                        found += new
                        below += new
        return found

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)


@contextmanager
def serving(box: Path, *options: str) -> Iterator[Serving]:
    log = box.parent / f"log-{time.monotonic_ns()}"
    command = [sys.executable, "-m", "boxer.cli", "serve", "-p", "0", *options, str(box)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (told := TOLD.findall(log.read_bytes())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Serving(int(told[-1]), process, log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(
        tmp_path_factory.mktemp("standing"),
        'FROM python\nWORKDIR /srv\nCOPY *.py ./\nCMD ["python", "standing_server.py"]\n',
        "standing_server.py",
    )


@pytest.fixture(scope="module")
def connections(box: Path) -> Iterator[Serving]:
    with serving(box, "--own-server", "--isolation", "connection", "--machines", "8") as service:
        yield service


@pytest.fixture(scope="module")
def requests(box: Path) -> Iterator[Serving]:
    options = ("--machines", "4", "--limit", "time=5", "--body", "1MiB")
    with serving(box, "--own-server", *options) as service:
        yield service


RANDOM = ("random", "secret", "openssl", "uuid", "name")


def test_a_connection_is_one_tenant(connections: Serving) -> None:
    """It keeps its state, and finds nobody else's."""
    with Client(connections.port) as one, Client(connections.port) as other:
        for number in range(1, 4):
            for client, own in ((one, "/one"), (other, "/other")):
                client.ask(own)
                told = json.loads(client.answer()[1])
                assert told["seen"] == [own] * number
                assert told["left"] == (number > 1)


def test_a_request_is_one_tenant(requests: Serving) -> None:
    """The client's connection goes on, by machines of their own."""
    with Client(requests.port) as client:
        for number in range(3):
            client.ask(f"/{number}")
            told = json.loads(client.answer()[1])
            assert (told["seen"], told["left"]) == ([f"/{number}"], False)


@pytest.mark.parametrize("isolation", ["connections", "requests"])
def test_nothing_random_is_shared(isolation: str, request: pytest.FixtureRequest) -> None:
    service: Serving = request.getfixturevalue(isolation)
    first, second = service.get(), service.get()
    for name in RANDOM:
        assert first[name] != second[name], name
    assert second["time"] > first["time"]
    assert second["age"] > first["age"]


@pytest.mark.parametrize("isolation", ["connections", "requests"])
def test_two_tenants_on_eight_connections(isolation: str, request: pytest.FixtureRequest) -> None:
    service: Serving = request.getfixturevalue(isolation)

    def visit(number: int) -> None:
        own = f"/tenant-{number % 2}-{number}"
        for _ in range(5):
            told = service.get(own)
            assert told["seen"] == [own]
            assert not told["left"]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(visit, range(8)))


def test_its_process_is_gone_with_the_connection(connections: Serving) -> None:
    standing = set(connections.processes())
    with Client(connections.port) as client:
        client.ask("/")
        client.answer()
        assert set(connections.processes()) - standing
    connections.until(lambda: not set(connections.processes()) - standing)


def test_more_connections_than_machines_wait(box: Path) -> None:
    with (
        serving(box, "--own-server", "--isolation", "connection", "--machines", "2") as service,
        Client(service.port) as one,
        Client(service.port) as two,
    ):
        for client in (one, two):
            client.ask("/")
            client.answer()
        with Client(service.port) as third:
            third.ask("/third")
            third.socket.settimeout(0.5)
            with pytest.raises(TimeoutError):
                third.answer()
            third.socket.settimeout(PATIENCE)
            one.socket.close()
            assert json.loads(third.answer()[1])["seen"] == ["/third"]


@pytest.mark.parametrize("path", ["/crash", "/exit"])
def test_a_machine_that_ends_is_the_connections_own(connections: Serving, path: str) -> None:
    with Client(connections.port) as client:
        client.ask(path)
        with pytest.raises(ConnectionError):
            client.answer()
    assert connections.get("/after")["seen"] == ["/after"]


@pytest.mark.parametrize("path", ["/crash", "/exit"])
def test_a_request_whose_machine_ends_is_told(requests: Serving, path: str) -> None:
    with Client(requests.port) as client:
        client.ask(path)
        assert client.answer() == (500, b"Internal Server Error\n")
        client.ask("/after")
        assert json.loads(client.answer()[1])["seen"] == ["/after"]


def test_a_machine_that_never_answers_is_ended(requests: Serving) -> None:
    standing = len(requests.processes())
    with Client(requests.port) as client:
        client.ask("/spin")
        assert client.answer()[0] == 504
    requests.until(lambda: len(requests.processes()) <= standing)


@pytest.mark.parametrize("isolation", ["connections", "requests"])
def test_who_leaves_takes_the_machine_along(isolation: str, request: pytest.FixtureRequest) -> None:
    """It spins; a reset is the client's last."""
    service: Serving = request.getfixturevalue(isolation)
    others = set(service.processes())  # some of them may be ending
    with Client(service.port) as client:
        client.ask("/spin")
        service.until(lambda: set(service.processes()) - others)
        linger = b"\x01\0\0\0\0\0\0\0"
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    service.until(lambda: set(service.processes()) <= others)


@pytest.mark.parametrize("isolation", ["connections", "requests"])
def test_bodies_heads_and_streams(isolation: str, request: pytest.FixtureRequest) -> None:
    service: Serving = request.getfixturevalue(isolation)
    body = os.urandom(500_000)
    with Client(service.port) as client:
        client.ask("/", "POST", body=body)
        assert client.answer() == (200, body)
        client.ask("/", "HEAD")
        status, headers = client.head()
        assert status == 200
        assert int(headers["content-length"]) > 100
        client.ask("/stream")
        status, headers = client.head()
        assert headers["transfer-encoding"] == "chunked"
        assert client.body(headers) == b"0\n1\n2\n"


def test_a_slow_client(connections: Serving) -> None:
    """It sends byte by byte; others are served meanwhile."""
    with Client(connections.port) as client:
        for byte in b"GET /slow HTTP/1.1\r\nHost: a\r\n\r":
            client.send(bytes((byte,)))
        assert connections.get("/quick")["seen"] == ["/quick"]
        client.send(b"\n")
        assert json.loads(client.answer()[1])["seen"] == ["/slow"]


def test_who_has_said_its_last_is_answered(connections: Serving) -> None:
    with Client(connections.port) as client:
        client.ask("/late")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer() == (200, b"late")


def test_what_the_server_is_told_of_who_asks(requests: Serving) -> None:
    """A proxy on this machine is believed, as uvicorn does."""
    assert requests.get("/")["headers"]["x-forwarded-for"] == "127.0.0.1"
    told = requests.get("/", "X-Forwarded-For: 192.0.2.1", "X-Request-Id: mine")
    assert told["client"] == "127.0.0.1"
    assert told["headers"]["x-forwarded-for"] == "192.0.2.1"
    assert told["headers"]["x-forwarded-proto"] == "http"
    assert told["headers"]["x-request-id"] == "mine"


def test_a_body_beyond_the_bound(requests: Serving) -> None:
    with Client(requests.port) as client:
        client.ask("/", "POST", body=bytes(2 << 20))
        assert client.answer()[0] == 413


def test_it_is_found_that_a_script_serves(box: Path) -> None:
    with serving(box) as service:
        assert service.get("/")["seen"] == ["/"]


def test_a_server_with_threads(tmp_path: Path, box: Path) -> None:
    made = build(
        tmp_path,
        "FROM python\nWORKDIR /srv\nCOPY *.py ./\n"
        'CMD ["python", "standing_server.py", "threads"]\n',
        "standing_server.py",
    )
    with serving(made, "--own-server", "--isolation", "connection") as service:
        for _ in range(3):
            told = service.get("/")
            assert (told["seen"], told["threads"]) == (["/"], 2)


def command_of(pid: int) -> bytes:
    """Its words; none when it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_alone(pid: int) -> bool:
    """No copy of a process, which may be about to end: it has been started."""
    own = command_of(pid)
    with suppress(OSError):
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        return command_of(int(parent)) != own
    return False


def standing_processes(service: Serving) -> set[int]:
    """Those in which the box's server stands, without those of connections."""
    found = filter(is_alone, service.processes())
    return {pid for pid in found if b"standingprocess" in command_of(pid)}


def has_ended(client: Client) -> bool:
    """A connection, when something more is asked for."""
    try:
        client.ask("/")
        client.answer()
    except ConnectionError:
        return True
    return False


def test_its_process_is_made_again(connections: Serving) -> None:
    """Killed, with a connection under way: the next one is served."""
    (standing,) = standing_processes(connections)
    with Client(connections.port) as client:
        client.ask("/")
        client.answer()
        os.kill(standing, signal.SIGKILL)
        connections.until(lambda: has_ended(client))
    assert connections.get("/again")["seen"] == ["/again"]


def test_a_new_one_takes_its_place_without_a_lost_request(box: Path) -> None:
    with serving(box, "--own-server", "--isolation", "connection") as service:
        with Client(service.port) as old:
            old.ask("/old")
            old.answer()
            before = set(service.processes())
            service.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + PATIENCE
            while len(set(service.processes()) - before) == 0 and time.monotonic() < deadline:
                assert service.get("/meanwhile")["seen"] == ["/meanwhile"]
            old.ask("/old")
            assert json.loads(old.answer()[1])["seen"] == ["/old", "/old"]
        service.until(lambda: not before & set(service.processes()))
        assert service.get("/new")["seen"] == ["/new"]


def test_a_box_that_is_none_takes_nobodys_place(box: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied.wasm"
    copied.write_bytes(box.read_bytes())
    with serving(copied, "--own-server", "--isolation", "connection") as service:
        before = standing_processes(service)
        assert before
        copied.write_bytes(b"no box")
        service.process.send_signal(signal.SIGHUP)
        service.until(lambda: b"goes on as it was: " in service.log.read_bytes())
        assert service.get("/still")["seen"] == ["/still"]
        assert before <= standing_processes(service)


def test_it_ends_when_its_connections_have(box: Path) -> None:
    with serving(box, "--own-server", "--isolation", "connection") as service:
        with Client(service.port) as client:
            client.ask("/")
            client.answer()
            service.process.terminate()
            time.sleep(0.3)
            client.ask("/")
            assert len(json.loads(client.answer()[1])["seen"]) == 2
        assert service.process.wait(60) == 0


def test_a_command_that_serves_nothing(tmp_path: Path) -> None:
    made = build(tmp_path, 'FROM python\nCMD ["python", "-c", "print(5)"]\n')
    command = [sys.executable, "-m", "boxer.cli", "serve", "-p", "0", "--isolation", "connection"]
    ended = subprocess.run([*command, str(made)], capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode != 0
    assert "before it waited for a connection" in ended.stderr


@pytest.mark.parametrize(
    ("words", "rehearsal", "told"),
    [
        (["python", "-c", "print(5)"], "GET /", "does not say which application"),
        (["python", "-c", "print(5)"], "nonsense", "does not say which application"),
        (["python", "standing_server.py"], "GET /", "`standing_server` cannot be served"),
    ],
)
def test_rehearsals_of_no_application(
    tmp_path: Path, words: list[str], rehearsal: str, told: str
) -> None:
    dockerfile = f"FROM python\nWORKDIR /srv\nCOPY *.py ./\nCMD {json.dumps(words)}\n"
    made = build(tmp_path, dockerfile, "standing_server.py")
    assert told in refused(made, "--rehearse", rehearsal)


def test_a_server_in_c(tmp_path: Path) -> None:
    made = build(
        tmp_path,
        "FROM gcc AS made\nCOPY standing_server.c /\nRUN gcc -O1 -o /server /standing_server.c\n"
        'FROM scratch\nCOPY --from=made /server /server\nCMD ["/server"]\n',
        "standing_server.c",
    )
    with serving(made, "--isolation", "connection", "--workers", "2") as service:
        for _ in range(4):
            with Client(service.port) as client:
                client.send(b"hello\n")
                assert client.until(b"\n") == b"1 after none: hello\n"
                client.send(b"again\n")
                assert client.until(b"\n") == b"2 after hello: again\n"


SERVERS = {
    "gunicorn": ["gunicorn", "-b", "0.0.0.0:8000", "own_flask:app"],
    "gthread": ["gunicorn", "-w", "2", "--threads", "2", "-b", ":8000", "own_flask:app"],
    "uvicorn": ["uvicorn", "--log-level", "warning", "own_starlette:app"],
    "hypercorn": ["hypercorn", "own_starlette:app"],
}
PACKAGES = "flask gunicorn starlette uvicorn hypercorn websockets"


@pytest.mark.parametrize("server", SERVERS)
def test_a_real_server(tmp_path: Path, server: str) -> None:
    made = build(
        tmp_path,
        f"FROM python\nWORKDIR /srv\nRUN pip install {PACKAGES}\nCOPY *.py ./\n"
        f"CMD {json.dumps(SERVERS[server])}\n",
        "own_flask.py",
        "own_starlette.py",
    )
    for isolation in ("connection", "request"):
        with serving(made, "--own-server", "--isolation", isolation) as service:
            told = [service.get("/") for _ in range(3)]
            assert [one["count"] for one in told] == [1, 1, 1]
            assert not any(one["left"] for one in told)
            assert len({one["random"] for one in told}) == 3
            if server == "uvicorn":
                talk(service.port)


def talk(port: int) -> None:
    """WebSockets, each with a machine of its own."""
    from websockets.exceptions import ConnectionClosed, InvalidStatus
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    address = f"ws://127.0.0.1:{port}/link"
    for _ in range(2):
        with connect(address, subprotocols=[Subprotocol("one")], open_timeout=300) as link:
            assert link.subprotocol == "one"
            for number, text in enumerate(("a", "b" * 100_000), 1):
                link.send(text)
                assert link.recv(60) == f"{number} {text}"
            link.send("bye")
            with pytest.raises(ConnectionClosed) as ended:
                link.recv(60)
            assert ended.value.rcvd is not None
            assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4001, "bye")
    with pytest.raises(InvalidStatus) as refused:
        connect(address + "/not", open_timeout=300)
    assert refused.value.response.status_code == 403


def test_what_requests_import_is_there(own_served_file: Path) -> None:
    """Of the rehearsal nothing else: neither where modules are looked for, nor what it counted."""
    box, told = own_served_file, []
    options = ("--own-server", "--rehearse", "GET /imports")
    for more in (options, options, ("--own-server", "--no-rehearse")):  # made, found, not wanted
        with serving(box, *more) as service:
            told.append(service.get("/imports"))
            with Client(service.port) as client:
                client.ask("/")
                assert client.answer() == (200, b"hello 1")
    assert [one["known"] for one in told] == [True, True, False]
    assert told[0]["path"] == told[1]["path"] == told[2]["path"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rehearse", "GET /x"], "does not say which application"),
        (["--keep-rehearsals"], "keeps nothing of them but imports"),
        (["--app", "a:b"], "do not go together"),
        (["--isolation", "session"], "begins anew for each request or connection"),
        (["--isolation", "connection", "--metrics=/m"], "nobody is in front"),
        (["-v", "data:/data"], "has no volumes"),
    ],
)
def test_what_is_refused(box: Path, options: list[str], told: str) -> None:
    assert told in refused(box, "--own-server", *options)


def test_a_rehearsal_with_values_of_the_environment(own_served_file: Path) -> None:
    """They would lie on the disk."""
    options = ("--own-server", "--rehearse", "GET /", "-e", "A=b")
    assert "no values of -e" in refused(own_served_file, *options)


def refused(box: Path, *options: str) -> str:
    command = [sys.executable, "-m", "boxer.cli", "serve", "-p", "0", *options, str(box)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_figures_of_requests_under_way_and_answered(box: Path) -> None:
    pytest.importorskip("prometheus_client")
    with serving(box, "--own-server", "--metrics", "/figures", "--machines", "3") as service:

        def figures() -> dict[str, float]:
            with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/figures") as answer:
                lines = [line for line in answer.read().decode().splitlines() if line[0] != "#"]
            return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

        assert figures()["boxer_machines"] == 3
        assert "boxer_requests_total" not in "".join(figures())
        service.get("/")
        told = figures()
        assert told['boxer_requests_total{status="200"}'] == 1
        service.until(lambda: figures()["boxer_machines_busy"] == 0)
        assert told["boxer_websockets"] == told["boxer_requests_waiting"] == 0
