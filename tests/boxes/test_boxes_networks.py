"""Boxes on networks of their own: names, ports, what is in between, and nothing else."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import boxer as library
from boxer.errors import NameTakenError, NetworkMissingError
from boxer.runtime import Network
from tests.ports import free_port

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
HERE = Path(__file__).parent / "network"
PATIENCE = 300
SCENES = ("echo", "blocking", "unblocking", "large", "together", "waiting")
STORE = """
import socketserver
values = {}
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            word, key, *rest = line.split()
            if word == b"INCR":
                values[key] = values.get(key, 0) + 1
            self.wfile.write(b":%d\\r\\n" % values.get(key, 0))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
print("ready", flush=True)
Server(("0.0.0.0", 6379), Handler).serve_forever()
"""
WEB = """
import http.server, socket
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with socket.create_connection(("store", 6379)) as client:
            client.sendall(b"INCR visits\\r\\n")
            said = client.recv(100)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *_): pass
print("ready", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""


UDP_SERVER = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 9000))
print("ready", flush=True)
while True:
    data, peer = server.recvfrom(65536)
    server.sendto(b"%s %d " % (peer[0].encode(), len(data)) + data, peer)
"""
UDP_CLIENT = """
import errno, selectors, socket, sys
server = (socket.gethostbyname("echo"), 9000)
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.settimeout(200)
def ask(data, *flags):
    one.sendto(data, server)
    got, peer = one.recvfrom(65536, *flags)
    assert peer == server, peer
    if flags:
        assert one.recv(65536) == got
    return got
print(ask(b"hello"))
print(ask(b"", socket.MSG_PEEK))
print(len(ask(b"x" * 60_000)))
for number in range(300):
    assert ask(b"%d" % number).endswith(b" %d" % number)
one.sendto(b"cut", server)
print(one.recv(4))
try:
    one.sendto(bytes(65_508), server)
except OSError as error:
    print(errno.errorcode[error.errno])
two = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
two.settimeout(200)
two.connect(("::ffff:" + server[0], 9000))
two.send(b"mapped")
print(two.recv(100).split()[1:], two.getpeername()[0] == "::ffff:" + server[0])
selector = selectors.DefaultSelector()
selector.register(one, selectors.EVENT_READ)
one.sendto(b"nobody", (server[0], 9001))
print(selector.select(0.05))
one.sendto(b"waits", server)
print(len(selector.select(200)), one.recv(100).split()[2])
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.bind(("", 7000))
one.sendto(b"to itself", (socket.gethostbyname("asker"), 7000))
print(bound.recvfrom(100)[0])
"""


class Boxes:
    """The commands, with folders of this test's own."""

    def __init__(self, boxer: Boxer, box: Path) -> None:
        self.run, self.box = boxer, box

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        done = self.run(*words)
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def start(
        self, name: str, network: str, *command: str | Path, options: tuple[str, ...] = ()
    ) -> None:
        made = ("run", "-d", "--name", name, "--network", network, "-v", f"{HERE}:/net", *options)
        self(*made, self.box, "python", *command)
        self.until_ready(name)

    def until_ready(self, name: str, times: int = 1) -> None:
        end = time.monotonic() + PATIENCE
        while self("logs", name).count("ready\n") < times:
            assert time.monotonic() < end, self("logs", name)
            time.sleep(0.1)

    def ask(self, network: str, *servers: str | int, options: tuple[str, ...] = ()) -> list[str]:
        """What servers, each a name and a port, answer to a box of the network."""
        made: tuple[str | Path, ...] = ("run", "--network", network, "-v", f"{HERE}:/net")
        made += (*options, self.box)
        return self(*made, "python", "/net/peer.py", "ask", *map(str, servers)).splitlines()


@pytest.fixture
def boxes(
    boxer: Boxer, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Boxes]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ("d" * 100)))  # longer than a socket's path
    made = Boxes(boxer, example("hello"))
    for network in ("shop", "other"):
        made("network", "create", network)
    yield made
    names = made("ps", "-a", "--format", "{{.Names}}").split()
    if names:
        made("rm", "-f", *names)


def test_a_web_server_asks_a_store_by_name(boxes: Boxes) -> None:
    boxes.start("store", "shop", "-c", STORE)
    port = free_port()
    boxes.start("web", "shop", "-c", WEB, options=("-p", f"{port}:8000"))
    for count in (1, 2, 3):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=PATIENCE) as answer:
            assert answer.read() == b":%d\r\n" % count
    # The store is started anew, elsewhere perhaps, and found again.
    boxes("restart", "store")
    boxes.until_ready("store", 2)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=PATIENCE) as answer:
        assert answer.read() == b":1\r\n"


def test_what_is_not_on_the_network_is_not_reached(boxes: Boxes) -> None:
    boxes.start("db", "shop", "/net/peer.py", "line", "6000", options=("--network-alias", "data"))
    boxes.start("far", "other", "/net/peer.py", "line", "6000")
    boxes.start("shy", "shop", "/net/peer.py", "line", "6000", "127.0.0.1")
    address = json.loads(boxes("network", "inspect", "shop"))[0]["boxes"][0]["address"]
    far = json.loads(boxes("network", "inspect", "other"))[0]["boxes"][0]["address"]
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as outside:
        port = outside.server_address[1]
        asked = ("db", 6000, "DATA", 6000, "db.", 6000, address, 6000, "db", 6001, "shy", 6000,
                 "far", 6000, far, 6000, "nobody", 6000, "db/", 6000, "127.0.0.1", 6000,
                 "127.0.0.1", port, "host.boxer.internal", port, "172.18.15.254", 6000)  # fmt: skip
        answers = boxes.ask("shop", *asked)
    answers[:4] = [answer.partition(" ")[2] for answer in answers[:4]]
    assert answers == [
        "hello", "hello", "hello", "hello", "ConnectionRefusedError", "ConnectionRefusedError",
        "gaierror", "OSError", "gaierror", "gaierror", "ConnectionRefusedError",
        "ConnectionRefusedError", "gaierror", "OSError",
    ]  # fmt: skip
    # Who is on neither reaches nobody; who is on both reaches both.
    assert boxes("run", "-v", f"{HERE}:/net", boxes.box, "python", "/net/peer.py", "ask",
                 "db", "6000", address, "6000") == "gaierror\nOSError\n"  # fmt: skip
    both = boxes.ask("shop", "db", 6000, "far", 6000, options=("--network", "other"))
    assert [answer.partition(" ")[2] for answer in both] == ["hello", "hello"]


@pytest.mark.parametrize("scene", SCENES)
def test_clients_do_between_boxes_what_they_do_on_linux(boxes: Boxes, scene: str) -> None:
    tasks = ("--limit", "tasks=200")
    boxes.start("server", "shop", "/net/peer.py", "echo", "6000", options=tasks)
    program = ("python", "/net/reaching.py", scene, "server", "6000")
    inside = boxes("run", "--network", "shop", "-v", f"{HERE}:/net", boxes.box, *program)
    with _EchoServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            words = [sys.executable, str(HERE / "reaching.py"), scene, "127.0.0.1"]
            native = subprocess.run([*words, str(server.server_address[1])], capture_output=True,
                                    text=True, timeout=PATIENCE, check=True)  # fmt: skip
        finally:
            server.shutdown()
            thread.join()
    assert inside == native.stdout


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


class _EchoServer(socketserver.ThreadingTCPServer):
    request_queue_size = 200
    daemon_threads = True


def test_datagrams_go_from_box_to_box(boxes: Boxes, tmp_path: Path) -> None:
    log = tmp_path / "net.log"
    boxes.start("echo", "shop", "-c", UDP_SERVER)
    said = boxes(
        "run", "--network", "shop", "--name", "asker", "--net-log", log, boxes.box,
        "python", "-c", UDP_CLIENT,
    ).splitlines()  # fmt: skip
    own = said[0].split()[0][2:]
    assert own.startswith("172.")
    assert said == [
        f"b'{own} 5 hello'", f"b'{own} 0 '", str(len(f"{own} 60000 ") + 60_000), f"b'{own[:4]}'",
        "EMSGSIZE", "[b'6', b'mapped'] True", "[]", "1 b'waits'", "b'to itself'",
    ]  # fmt: skip
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    gone = [(line["port"], line["rule"]) for line in lines if line["what"] == "connect"]
    assert {line["protocol"] for line in lines if line["what"] == "connect"} == {"udp"}
    assert gone == [(port, "--network=shop") for port in (9000, 9001, 9000, 7000)]


def test_datagrams_stay_on_their_network(boxes: Boxes) -> None:
    boxes.start("echo", "shop", "-c", UDP_SERVER)
    address = json.loads(boxes("network", "inspect", "shop"))[0]["boxes"][0]["address"]
    probe = f"""
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for target in ("{address}", "127.0.0.1", "10.0.0.1", "172.17.0.1"):
    try:
        one.sendto(b"x", (target, 9000))
        print("sent")
    except OSError as error:
        print(type(error).__name__)
"""
    done = boxes.run("run", "--network", "other", boxes.box, "python", "-c", probe)
    assert done.stdout.split() == ["OSError", "sent", "OSError", "OSError"]


def test_names_are_one_boxs_and_aliases_are_shared(boxes: Boxes) -> None:
    first = ("--network-alias", "pair")
    boxes.start("one", "shop", "/net/peer.py", "line", "6000", options=first)
    boxes.start("two", "shop", "/net/peer.py", "line", "6000", options=first)
    program = "import socket; print(len(set(socket.getaddrinfo('pair', 1, proto=6))))"
    made = ("run", "--network", "shop")
    assert boxes(*made, boxes.box, "python", "-c", program) == "2\n"
    taken = boxes(*made, "--name", "one", boxes.box, status=125)
    assert taken.startswith("error[name-taken]")
    missing = boxes("run", "--network", "none-such", boxes.box, status=125)
    assert missing.startswith("error[network-missing]")
    bad = boxes(*made, "--name", "10.0.0.1", boxes.box, status=125)
    assert bad.startswith("error[bad-network]")
    assert boxes("network", "rm", "shop", status=1).startswith("error[bad-network]: Boxes are on")
    boxes("kill", "one")
    boxes("rm", "-f", "two")
    boxes("network", "rm", "shop")
    assert "shop" not in boxes("network", "ls", "-q")


def test_many_boxes_reach_each_other(boxes: Boxes) -> None:
    names = [f"box{number}" for number in range(8)]
    for name in names:
        made = ("run", "-d", "--name", name, "--network", "shop", "-v", f"{HERE}:/net", boxes.box)
        boxes(*made, "python", "/net/peer.py", "line", "6000")
    for name in names:
        boxes.until_ready(name)
    answers = boxes.ask("shop", *(word for name in names for word in (name, 6000)))
    assert len(answers) == 8
    assert len({answer.partition(" ")[0] for answer in answers}) == 1
    assert all(answer.endswith(" hello") for answer in answers)


def test_the_library_has_them_too(boxes: Boxes) -> None:
    boxes.start("db", "shop", "/net/peer.py", "line", "6000")
    box = library.load(boxes.box)
    program = (HERE / "peer.py").read_text()
    words = ["python", "-c", program, "ask", "db", "6000", "me", "6000"]
    network = Network(networks=["shop"], name="me")
    said = box.run(words, network=network).stdout.splitlines()
    assert said == [b"172.18.0.3 hello", b"ConnectionRefusedError"]
    with box.pool(2, network=network) as pool:
        for _ in range(3):
            assert pool.run(words).stdout.splitlines() == said
        with pytest.raises(NameTakenError):
            box.run(words, network=network)
    with pytest.raises(NetworkMissingError):
        box.run(words, network=Network(networks=["gone"]))
