"""A box that wants out: what it reaches of the network is what it was granted, whatever it tries.

Servers of the test's stand on this machine's loopback and on its own address; what must not be
reached counts who comes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import boxer
from boxer import Network
from tests.nameserver import AAAA, CNAME, A, Answers, NameServer, name_server

pytestmark = pytest.mark.base

HOST = "host.boxer.internal"
PATIENCE = boxer.Limits(time=60)
# What each program begins with: `attempt` prints how a call ended.
PRELUDE = """
import errno, os, socket, struct, sys
def attempt(call, *arguments):
    try:
        done = call(*arguments)
        print("done", *([done] if isinstance(done, (str, int)) else []))
        return done
    except socket.gaierror as error:
        print("gaierror", error.errno)
    except OSError as error:
        print(errno.errorcode.get(error.errno, error.errno))
def connect(host, port):
    with socket.create_connection((host, port), 10) as stream:
        return stream.recv(100).decode()
"""


@pytest.fixture(scope="session")
def box(example: Callable[[str], Path]) -> boxer.Box:
    return boxer.load(example("hello"))


Ask = Callable[..., list[str]]


@pytest.fixture
def ask(box: boxer.Box) -> Ask:
    """Runs a program with a network: the lines it printed."""

    def asked(program: str, *arguments: object, **granted: Any) -> list[str]:
        words = ["python", "-c", PRELUDE + program, *map(str, arguments)]
        result = box.run(words, network=Network(**granted), limits=PATIENCE)
        assert result.exit_code == 0, result.stderr.decode()
        return result.stdout.decode().splitlines()

    return asked


class Greeter:
    """Says hello to each who connects."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.server = socket.create_server((address, 0), family=family, backlog=512)
        self.address, self.port = self.server.getsockname()[:2]
        self._peers: list[object] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                stream, peer = self.server.accept()
            except OSError:
                return
            self._peers.append(peer)
            with stream, contextlib.suppress(OSError):
                stream.sendall(b"hello")

    def peers(self) -> list[object]:
        """Who has come until now. Who is connected may still wait to be accepted, in turn: one
        more is greeted behind them."""
        with socket.create_connection((self.address, self.port), timeout=300) as last:
            last.recv(1)
            self._peers.remove(last.getsockname())
        return self._peers

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


@contextlib.contextmanager
def greeter(address: str = "127.0.0.1") -> Iterator[Greeter]:
    server = Greeter(address)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def inside() -> Iterator[Greeter]:
    """What is on this machine's loopback, and nobody has granted."""
    with greeter() as server:
        yield server
        assert server.peers() == []


def own_address() -> str:
    """An address of this machine's that is no loopback, and not global; skips without one."""
    found = []
    for family, there in ((socket.AF_INET, "192.0.2.9"), (socket.AF_INET6, "fd00::9")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.connect((there, 9))
            found.append(probe.getsockname()[0])
    if not found:
        pytest.skip("this machine has no address but its loopback's")
    return str(found[0])


def rules(server: NameServer) -> str:
    return f"127.0.0.1:{server.port}"


CONNECT = "attempt(connect, sys.argv[1], int(sys.argv[2]))"


def test_without_a_grant_nothing_is_reached(box: boxer.Box, inside: Greeter) -> None:
    program = PRELUDE + "\n".join(
        f"attempt(connect, {host!r}, {inside.port})"
        for host in ("127.0.0.1", "192.0.2.7", "8.8.8.8", "::1", "fd00::2", HOST, "example.com")
    )
    lines = box.run(["python", "-c", program], limits=PATIENCE).stdout.decode().splitlines()
    assert lines[0] == lines[3] == "ECONNREFUSED"
    assert lines[1] == lines[2] == lines[4] == "ENETUNREACH"
    assert lines[5].startswith("gaierror")
    assert lines[6].startswith("gaierror")


def test_a_grant_is_for_one_port(ask: Ask, inside: Greeter) -> None:
    with greeter() as granted:
        allow = [f"{HOST}:{granted.port}"]
        assert ask(CONNECT, HOST, granted.port, allow=allow) == ["done hello"]
        assert ask(CONNECT, HOST, inside.port, allow=allow) == ["EACCES"]


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433",
    "017700000001", "0", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
    "::", "::ffff:0.0.0.0", "64:ff9b::127.0.0.1", "localhost", "127.255.255.254", "a.localhost",
]  # fmt: skip


@pytest.mark.parametrize("grants", [{"host": True}, {"allow": ["0.0.0.0/0", "::/0"]}])
def test_no_spelling_of_loopback_is_this_machine_s(
    ask: Ask, inside: Greeter, grants: dict[str, Any]
) -> None:
    program = "for host in sys.argv[2:]: attempt(connect, host, int(sys.argv[1]))"
    lines = ask(program, inside.port, *SPELLINGS, **grants)
    assert len(lines) == len(SPELLINGS)
    assert not any(line.startswith("done") for line in lines), dict(
        zip(SPELLINGS, lines, strict=True)
    )


def test_the_name_of_this_machine_is_no_address_to_be_had_otherwise(
    ask: Ask, inside: Greeter
) -> None:
    program = """
for host in ("254.1.1.1", "::ffff:254.1.1.1", "64:ff9b::254.1.1.1", "host.docker.internal"):
    attempt(connect, host, int(sys.argv[1]))
"""
    lines = ask(
        program, inside.port, allow=["254.0.0.0/8", "0.0.0.0/0", "*.internal", "*.boxer.internal"]
    )
    assert not any(line.startswith("done") for line in lines), lines


def test_private_addresses_are_not_in_a_wide_grant(ask: Ask) -> None:
    address = own_address()
    with greeter(address) as server:
        assert ask(CONNECT, address, server.port, allow=["0.0.0.0/0", "::/0"]) == ["EACCES"]
        assert server.peers() == []
        assert ask(CONNECT, address, server.port, allow=[address]) == ["done hello"]
        assert ask(CONNECT, address, server.port, host=True) == ["done hello"]


LOOK_UP = "for name in sys.argv[1:]: attempt(socket.gethostbyname, name)"


def test_names_that_are_not_granted_are_not_looked_up(ask: Ask) -> None:
    """So that nothing is told to whoever answers for a name."""
    with name_server(lambda name, kind: [(A, "11.0.0.1")] if kind == A else []) as server:
        names = [
            "secret.evil.example",
            "a.example.com.evil.example",
            "com",
            "example",
            "b.example.org",
        ]
        lines = ask(LOOK_UP, *names, allow=["*.example.com", "11.0.0.0/8"], dns=[rules(server)])
        assert all(line.startswith("gaierror") for line in lines)
        assert server.asked == []
        assert ask(LOOK_UP, "a.example.com", allow=["*.example.com"], dns=[rules(server)]) == [
            "done 11.0.0.1"
        ]


QUERY = """
def query(name, kind, stream):
    wire = b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\\0"
    text = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + wire + struct.pack(">HH", kind, 1)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.connect(("127.0.0.11", 53))
    sock.sendall((struct.pack(">H", len(text)) if stream else b"") + text)
    reply = sock.recv(4096)
    return reply[5] & 15 if stream else reply[3] & 15
for name in (b"evil.example", b"a b.granted.example", b"\\x00.granted.example", b"127.0.0.1",
             b"*.granted.example", b"granted.example.evil"):
    for kind in (1, 28, 16, 33, 255, 252):
        for stream in (0, 1):
            try:
                assert query(name, kind, stream) != 0, (name, kind)
            except (TimeoutError, IndexError):
                pass
print("refused")
"""


def test_queries_by_hand_are_no_way_around(ask: Ask) -> None:
    with name_server(lambda name, kind: [(A, "11.0.0.1")] if kind == A else []) as server:
        grants = {"allow": ["*.granted.example"], "dns": [rules(server)]}
        assert ask(QUERY, **grants) == ["refused"]
        assert server.asked == []


def test_a_name_whose_answer_changes_is_checked_each_time(ask: Ask, inside: Greeter) -> None:
    """DNS rebinding: a global address first, then this machine's."""
    answers = iter(["11.0.0.1", "127.0.0.1", own_address_v4(), "0.0.0.0", "254.1.1.1", "10.0.0.1"])

    def zone(name: str, kind: int) -> Answers:
        return [(A, next(answers, "169.254.169.254"))] if kind == A else []

    program = LOOK_UP + f"\nattempt(connect, '127.0.0.1', {inside.port})"
    with name_server(zone) as server:
        lines = ask(
            program, *["rebinding.example"] * 7, allow=["rebinding.example"], dns=[rules(server)]
        )
    assert lines[0] == "done 11.0.0.1"
    assert all(line.startswith("gaierror") for line in lines[1:7]), lines
    assert lines[7] == "ECONNREFUSED"


def own_address_v4() -> str:
    address = own_address()
    return address if ":" not in address else "192.168.1.1"


def test_only_checked_addresses_are_connected_to(ask: Ask, inside: Greeter) -> None:
    """A chain of aliases, answers among which some are private, and IPv6 that holds IPv4."""
    zone: dict[tuple[str, int], Answers] = {
        ("alias.example", A): [(CNAME, "db.corp"), (A, "10.0.0.7")],
        ("mixed.example", A): [(A, "127.0.0.1"), (A, "11.0.0.1"), (A, "192.168.0.1")],
        ("mapped.example", AAAA): [(AAAA, "::ffff:127.0.0.1"), (AAAA, "64:ff9b::7f00:1")],
        ("own.example", AAAA): [(AAAA, "::1"), (AAAA, "fe80::1"), (AAAA, "fd00::1")],
    }
    program = """
for name in sys.argv[2:]:
    try:
        found = {each[4][0] for each in socket.getaddrinfo(name, 80)}
        print(name, *sorted(found))
    except socket.gaierror:
        print(name, "-")
"""
    names = ["alias.example", "mixed.example", "mapped.example", "own.example"]
    with name_server(lambda name, kind: zone.get((name, kind), [])) as server:
        lines = ask(program, inside.port, *names, allow=["*.example"], dns=[rules(server)])
    assert lines == [
        "alias.example -",
        "mixed.example 11.0.0.1",
        "mapped.example -",
        "own.example -",
    ]


def test_a_name_that_may_resolve_inside_reaches_a_private_server(ask: Ask) -> None:
    address = own_address()
    kind = AAAA if ":" in address else A
    if not any(address.startswith(net) for net in ("10.", "172.", "192.168.", "fd", "fc")):
        address = own_private_v6()
        kind = AAAA

    def zone(name: str, asked: int) -> Answers:
        return [(kind, address)] if asked == kind else []

    with name_server(zone) as server, greeter(address) as db:
        target = f"db.corp:{db.port}"
        refused = ask(CONNECT, "db.corp", db.port, allow=[target], dns=[rules(server)])
        assert refused[0].startswith("gaierror")
        assert db.peers() == []
        granted = ask(CONNECT, "db.corp", db.port, allow_inside=[target], dns=[rules(server)])
        assert granted == ["done hello"]


def own_private_v6() -> str:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("fd00::9", 9))
        except OSError:
            pytest.skip("this machine has no private address")
        address = str(probe.getsockname()[0])
    if not address.startswith("f"):
        pytest.skip("this machine has no private address")
    return address


class Redirecting(BaseHTTPRequestHandler):
    target = ""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize("host", [HOST, "127.0.0.1", "0.0.0.0", "[::1]", "2130706433"])
def test_a_redirect_is_a_new_connection(ask: Ask, inside: Greeter, host: str) -> None:
    Redirecting.target = f"http://{host}:{inside.port}/"
    program = """
import urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=300)
except OSError as error:
    print("refused")
"""
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        lines = ask(program, f"http://{HOST}:{port}/", allow=[f"{HOST}:{port}"])
        server.shutdown()
    assert lines == ["refused"]


def test_datagrams_go_where_they_are_granted_and_come_from_there(ask: Ask) -> None:
    program = """
granted, other, stranger = map(int, sys.argv[1:])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(60)
host = socket.gethostbyname("host.boxer.internal")
attempt(sock.sendto, b"x", (host, other))
attempt(sock.sendto, b"first", (host, granted))
print(*sock.recvfrom(100)[1] == (host, granted) and ["from the one"] or ["from another"])
sock.connect((host, other))
attempt(sock.send, b"x")
"""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as granted,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        for sock in (granted, other, stranger):
            sock.bind(("127.0.0.1", 0))
        granted.settimeout(60)
        other.setblocking(False)

        def answer() -> None:
            _, peer = granted.recvfrom(100)
            stranger.sendto(b"from a stranger", peer)
            granted.sendto(b"answer", peer)

        threading.Thread(target=answer, daemon=True).start()
        ports = [sock.getsockname()[1] for sock in (granted, other, stranger)]
        lines = ask(program, *ports, allow=[f"{HOST}:{ports[0]}"])
        assert lines == ["EACCES", "done 5", "from the one", "EACCES"]
        with pytest.raises(BlockingIOError):
            other.recv(100)


def test_other_kinds_of_sockets_are_not_there(ask: Ask) -> None:
    program = """
for family, kind, protocol in (
    (socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET, socket.SOCK_RAW, 255),
    (socket.AF_INET6, socket.SOCK_RAW, 58), (17, socket.SOCK_RAW, 3), (17, socket.SOCK_DGRAM, 3),
    (40, socket.SOCK_STREAM, 0), (38, 5, 0), (31, 5, 3),
    (socket.AF_INET, socket.SOCK_STREAM, 132), (socket.AF_INET, socket.SOCK_DGRAM, 1),
):
    attempt(socket.socket, family, kind, protocol)
"""
    lines = ask(program, host=True)
    assert len(lines) == 10
    assert not [line for line in lines if line.startswith("done")], lines


def test_scopes_and_groups_are_not_granted(ask: Ask) -> None:
    program = """
for address in (("fe80::1", 80, 0, 1), ("fe80::1", 80, 0, 2), ("ff02::1", 80, 0, 2)):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    attempt(sock.sendto, b"x", address)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt(sock.sendto, b"x", ("224.0.0.251", 5353))
try:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
except OSError:
    pass
attempt(sock.sendto, b"x", ("255.255.255.255", 9))
"""
    lines = ask(program, allow=["0.0.0.0/0", "::/0"])
    assert not [line for line in lines if line.startswith("done")], lines


def test_processes_and_passed_sockets_are_under_the_same_policy(ask: Ask, inside: Greeter) -> None:
    program = """
granted, inside = map(int, sys.argv[1:])
host = socket.gethostbyname("host.boxer.internal")
left, right = socket.socketpair()
fresh = socket.socket()
if os.fork() == 0:
    stream = socket.create_connection((host, granted))
    socket.send_fds(left, [b"x"], [stream.fileno(), fresh.fileno()])
    attempt(connect, host, inside)
    sys.stdout.flush()
    os._exit(0)
os.wait()
_, (first, second), _, _ = socket.recv_fds(right, 1, 2)
print(socket.socket(fileno=first).recv(100).decode())
attempt(socket.socket(fileno=second).connect, (host, inside))
"""
    with greeter() as server:
        allow = [f"{HOST}:{server.port}"]
        assert ask(program, server.port, inside.port, allow=allow) == ["EACCES", "hello", "EACCES"]


def test_a_scan_finds_nothing_that_is_not_granted(ask: Ask, inside: Greeter) -> None:
    program = """
granted, inside = map(int, sys.argv[1:])
host = socket.gethostbyname("host.boxer.internal")
found = {}
for port in {*range(1, 3000), granted, inside}:
    with socket.socket() as sock:
        end = sock.connect_ex((host, port))
        found.setdefault(errno.errorcode.get(end, end), []).append(port)
print(found.pop("EACCES") and sorted(found.items()))
"""
    with greeter() as server:
        lines = ask(program, server.port, inside.port, allow=[f"{HOST}:{server.port}"])
        assert lines == [f"[(0, [{server.port}])]"]
        assert len(server.peers()) == 1


def test_connections_at_once_have_a_limit(box: boxer.Box) -> None:
    program = (
        PRELUDE
        + """
host = socket.gethostbyname("host.boxer.internal")
socks = []
for _ in range(30):
    socks.append(socket.socket())
    attempt(socks[-1].connect, (host, int(sys.argv[1])))
for sock in socks: sock.close()
attempt(connect, host, int(sys.argv[1]))
"""
    )
    with greeter() as server:
        network = Network(allow=[f"{HOST}:{server.port}"], connections=20)
        words = ["python", "-c", program, str(server.port)]
        result = box.run(words, network=network, limits=PATIENCE)
    lines = result.stdout.decode().splitlines()
    assert lines == ["done"] * 20 + ["EADDRNOTAVAIL"] * 10 + ["done hello"]
    assert result.limit == "connections"
    assert result.stderr.decode().count("the limit connections is reached") == 1


FLOOD = """
sock = socket.create_connection(("host.boxer.internal", int(sys.argv[1])), 60)
sock.settimeout(None)
while True: sock.sendall(b"x" * 65536)
"""
DRINK = """
sock = socket.create_connection(("host.boxer.internal", int(sys.argv[1])), 60)
sock.settimeout(None)
while sock.recv(65536): pass
"""


@pytest.mark.parametrize(("program", "limit"), [(FLOOD, "sent"), (DRINK, "received")])
def test_a_flood_ends_the_run(box: boxer.Box, program: str, limit: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            stream, _ = server.accept()
            with stream, contextlib.suppress(OSError):
                while limit == "received":
                    stream.sendall(b"x" * 65536)
                while stream.recv(1 << 16):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        network = Network(allow=[HOST], sent="1MB", received="1MB")
        words = ["python", "-c", PRELUDE + program, str(port)]
        result = box.run(words, network=network, limits=PATIENCE)
    assert (result.exit_code, result.limit) == (137, limit)


def test_a_connection_without_a_byte_ends(ask: Ask) -> None:
    """Where the other side says nothing: what is idle for longer than it may is ended."""
    program = """
sock = socket.create_connection(("host.boxer.internal", int(sys.argv[1])), 60)
sock.settimeout(None)
attempt(sock.recv, 1)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ask(program, port, allow=[HOST], idle_time=0.3) == ["ETIMEDOUT"]


def test_a_connection_that_does_not_stand_in_time_ends(box: boxer.Box) -> None:
    """At a listener whose queue is full Linux answers nobody."""
    program = """
sock = socket.socket()
sock.settimeout(None)
attempt(sock.connect, ("host.boxer.internal", int(sys.argv[1])))
"""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        words = ["python", "-c", PRELUDE + program, str(server.getsockname()[1])]
        network = Network(allow=[HOST], connect_time=0.3)
        result = box.run(words, network=network, limits=PATIENCE)
    assert (result.stdout.split(), result.limit) == ([b"ETIMEDOUT"], "connect_time")


SILENCE = """
server = socket.create_server(("0.0.0.0", 8000))
silent = [server.accept()[0] for _ in range(20)]
other = server.accept()[0]
other.sendall(other.recv(10)[::-1])
def told(sock):
    try:
        return sock.recv(1)
    except OSError as error:
        return errno.errorcode[error.errno]
print({told(sock) for sock in silent})
"""


def test_who_comes_and_says_nothing_is_ended(box: boxer.Box) -> None:
    """From outside; others are served meanwhile."""
    results: list[boxer.RunResult] = []
    network = Network(ports=["8000"], idle_time=5)
    with boxer.open_network(network) as opened, contextlib.ExitStack() as stack:
        assert opened is not None
        address = ("127.0.0.1", opened.ports[0].host)
        words = ["python", "-c", PRELUDE + SILENCE]
        running = threading.Thread(
            target=lambda: results.append(box.run(words, network=opened, limits=PATIENCE))
        )
        running.start()
        silent = [stack.enter_context(reached(address)) for _ in range(20)]
        with reached(address) as other:
            other.sendall(b"hello")
            assert other.recv(10) == b"olleh"
        running.join()
        for each in silent:
            with contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
    assert (results[0].stdout, results[0].limit) == (b"{'ETIMEDOUT'}\n", "idle_time")


def reached(address: tuple[str, int]) -> socket.socket:
    """Once the box listens."""
    for _ in range(1000):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(address, 60)
        time.sleep(0.05)
    raise TimeoutError


def test_many_connections_at_once_are_each_checked(ask: Ask, inside: Greeter) -> None:
    program = """
import select
granted, inside = map(int, sys.argv[1:])
host = socket.gethostbyname("host.boxer.internal")
socks, refused = [], 0
for number in range(400):
    sock = socket.socket()
    sock.setblocking(False)
    end = sock.connect_ex((host, (granted, inside)[number % 2]))
    refused += end == errno.EACCES
    if end == errno.EINPROGRESS:
        socks.append(sock)
reached = 0
for sock in socks:
    sock.setblocking(True)
    reached += sock.recv(100) == b"hello"
print(refused, reached)
"""
    with greeter() as server:
        allow = [f"{HOST}:{server.port}"]
        assert ask(program, server.port, inside.port, allow=allow) == ["200 200"]


def test_no_descriptor_of_the_host_is_seen(ask: Ask) -> None:
    program = """
with socket.create_connection(("host.boxer.internal", int(sys.argv[1])), 60) as stream:
    print(sorted(map(int, os.listdir("/proc/self/fd")))[:4], stream.fileno())
    numbers = [*range(4, 1100), *range(65530, 65600)]
    for number in numbers:
        for call in (os.fstat, lambda n: os.read(n, 1), lambda n: os.write(n, b"x"), os.dup):
            try:
                call(number)
                print("there is", number)
            except OSError as error:
                assert error.errno == errno.EBADF, (number, error)
    print(sorted(os.readlink(f"/proc/self/fd/{stream.fileno()}").partition(":")[:1]))
"""
    with greeter() as server:
        lines = ask(program, server.port, allow=[f"{HOST}:{server.port}"])
    assert len(lines) == 2, lines
    assert lines[1] == "['socket']"


def test_names_that_fail_are_closed(ask: Ask) -> None:
    """A server that is silent, or answers nonsense, leads nowhere."""
    with name_server(lambda name, kind: 5) as server:
        lines = ask(LOOK_UP, "a.example", allow=["a.example"], dns=[rules(server)])
        assert lines[0].startswith("gaierror")


def test_a_refusal_is_told_once_and_logged_each_time(
    box: boxer.Box, inside: Greeter, tmp_path: Path
) -> None:
    log = tmp_path / "net.log"
    program = PRELUDE + f"for _ in range(3): attempt(connect, {HOST!r}, {inside.port})"
    network = Network(allow=[f"{HOST}:1"], log=log)
    result = box.run(["python", "-c", program], network=network, limits=PATIENCE)
    assert result.stderr.decode() == (
        f"boxer: refused: TCP to {HOST} (254.1.1.1) port {inside.port}: the rule `{HOST}:1` has"
        f" other ports; to allow it: --allow-net {HOST}:{inside.port}\n"
    )
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    refused = [line for line in lines if line["decision"] == "refused"]
    assert len(refused) == 3
    assert {line["port"] for line in refused} == {inside.port}
    assert (log.stat().st_mode & 0o777) == 0o600


def test_a_pool_s_calls_have_the_network_and_leave_nothing(box: boxer.Box, inside: Greeter) -> None:
    with greeter() as server, box.pool(1, network=Network(allow=[f"{HOST}:{server.port}"])) as pool:
        program = PRELUDE + CONNECT.replace("sys.argv[1]", repr(HOST)).replace(
            "int(sys.argv[2])", str(server.port)
        )
        for _ in range(3):
            done = pool.run(["python", "-c", program])
            assert done.stdout == b"done hello\n", done.stderr
        refused = pool.run(["python", "-c", program.replace(str(server.port), str(inside.port))])
        assert refused.stdout == b"EACCES\n"
        assert len(server.peers()) == 3


def test_a_machine_that_answers_calls_has_no_ports(box: boxer.Box) -> None:
    with pytest.raises(boxer.NetworkValueError):
        box.pool(1, network=Network(ports=["80"]))
    with pytest.raises(boxer.NetworkValueError):
        box.start(network=Network(ports=["80"]))


def test_a_started_machine_has_its_network_from_call_to_call(
    box: boxer.Box, inside: Greeter
) -> None:
    with greeter() as server:
        with box.start(network=Network(allow=[f"{HOST}:{server.port}"])) as machine:
            machine.exec(PRELUDE)
            machine.exec(f"print(connect({HOST!r}, {server.port}))")
            done = machine.exec(f"attempt(connect, {HOST!r}, {inside.port})")
            assert done.stdout == b"EACCES\n"
        assert len(server.peers()) == 1
