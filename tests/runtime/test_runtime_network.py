"""What people write of the network: grants, ports, name servers, limits."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.errors import (
    BoxerError,
    LimitValueError,
    NetworkValueError,
    PortTakenError,
    PortValueError,
)
from boxer.runtime.granted import parse_granted, server_line
from boxer.runtime.network import Network
from boxer.runtime.ports import Port, bound, exposed_ports, parse_ports
from tests.ports import free_port


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("api.example.com:443", "name api.example.com 443 443 api.example.com:443"),
        ("API.Example.com.", "name api.example.com 1 65535 api.example.com"),
        ("*.example.com:8000-8010", "name *.example.com 8000 8010 *.example.com:8000-8010"),
        ("bücher.example", "name xn--bcher-kva.example 1 65535 xn--bcher-kva.example"),
        ("192.0.2.7", "allow 4 c0000207 32 1 65535 192.0.2.7"),
        ("10.0.0.0/8:5432", "allow 4 0a000000 8 5432 5432 10.0.0.0/8:5432"),
        ("0.0.0.0/0", "allow 4 00000000 0 1 65535 0.0.0.0/0"),
        ("fd00::/8", f"allow 6 fd{'0' * 30} 8 1 65535 fd00::/8"),
        ("[fd00::1]:22", f"allow 6 fd{'0' * 29}1 128 22 22 [fd00::1]:22"),
        ("[fd00::]", f"allow 6 fd{'0' * 30} 128 1 65535 fd00::"),
        ("::/0", f"allow 6 {'0' * 32} 0 1 65535 ::/0"),
        ("host.docker.internal:5432", "name host.docker.internal 5432 5432"
         " host.docker.internal:5432"),
        ("db_1", "name db_1 1 65535 db_1"),
    ],
)  # fmt: skip
def test_grants_become_rules(text: str, line: str) -> None:
    assert parse_granted(text).line() == line
    assert parse_granted(str(parse_granted(text))).line() == line


@pytest.mark.parametrize(
    "text",
    [
        "", ":443", "https://example.com", "*", "*:25", "a.*.example", "*example.com", "**.a",
        "example.com:", "example.com:0", "example.com:65536", "example.com:https", "a:1-", "a:2-1",
        "a:-1", "a:１", "10.0.0.5/8", "10.0.0.0/33", "10.0.0", "2130706433", "0x7f.1", "0177.0.0.1",
        "010.1.1.1", "1.2.3.4.5", "127.0.0.1", "127.1.1.0/24", "0.0.0.0", "0.0.0.0/8", "::1", "::",
        "localhost", "a.localhost:80", "LOCALHOST.", "[::1]:80", "[fd00::1", "[fd00::1]80",
        "[a.example]:80", "a b", "a\nb", "a\0b", "a/b", "a_b@c", "fe80::1%eth0", "::1/128",
        "x" * 64 + ".de", ".".join(["x" * 49] * 6), "a..b", ".", "*.", "é" * 300,
    ],
)  # fmt: skip
def test_what_is_no_grant_says_what_is(text: str) -> None:
    with pytest.raises(NetworkValueError) as raised:
        parse_granted(text)
    assert raised.value.hint


@given(st.text(max_size=40))
def test_any_text_is_a_grant_or_an_error_of_ours(text: str) -> None:
    try:
        line = parse_granted(text).line()
    except NetworkValueError:
        return
    assert line.isascii()
    assert len(line.split(" ")) in (5, 7)
    assert not set(line) & set('"\\\n\x7f')


def test_what_may_be_inside_is_a_name() -> None:
    assert parse_granted("db.corp:5432", inside=True).line(inside=True).startswith("inside db.corp")
    with pytest.raises(NetworkValueError):
        parse_granted("10.0.0.0/8", inside=True)


def test_name_servers_have_addresses() -> None:
    assert server_line("192.0.2.53") == "server 4 c0000235 53"
    assert server_line("[::1]:5353") == f"server 6 {'0' * 31}1 5353"
    assert server_line("127.0.0.1:1053") == "server 4 7f000001 1053"
    for text in ("dns.example", "1.1.1.1:0", "1.1.1.1:1-2", "1.1.1", ""):
        with pytest.raises(NetworkValueError):
            server_line(text)


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("8080:80", [Port(80, 8080)]),
        ("80", [Port(80)]),
        (":80", [Port(80)]),
        ("0:80", [Port(80)]),
        ("127.0.0.1::80/udp", [Port(80, 0, "127.0.0.1", "udp")]),
        ("0.0.0.0:8080:80/TCP", [Port(80, 8080, "0.0.0.0")]),
        ("[::1]:8080:80", [Port(80, 8080, "::1")]),
        ("[::]::80", [Port(80, 0, "::")]),
        ("8000-8002:9000-9002", [Port(9000 + n, 8000 + n) for n in range(3)]),
        ("7000-7001", [Port(7000), Port(7001)]),
        ("8000-8002:80", [Port(80, 8000, last=8002)]),
        ("[::1]:8000-8001:53/udp", [Port(53, 8000, "::1", "udp", 8001)]),
    ],
)
def test_ports_as_docker_has_them(text: str, ports: list[Port]) -> None:
    assert parse_ports(text) == ports


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "80:", "80:a", "8080:0", "0", "65536:80", "80:65536", "-1:80", "1:2:3", "a:1:2",
        "0-8002:80", "8000-8002:80-81", "8000:80-81", "80/sctp", "80/", "1.2.3:1:2",
        "[::1]8080:80", "::1:80:80",
        "localhost:80:80", "81-80", "1-600", "８０:80", "80:80:80:80", "80 :80", "+80:80",
    ],
)  # fmt: skip
def test_what_is_no_port_says_what_is(text: str) -> None:
    if text == "80/":
        assert parse_ports(text) == [Port(80)]
        return
    with pytest.raises(PortValueError) as raised:
        parse_ports(text)
    assert raised.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_port_or_an_error_of_ours(text: str) -> None:
    try:
        ports = parse_ports(text)
    except PortValueError:
        return
    assert all(1 <= port.box < 1 << 16 for port in ports)


def test_exposed_ports_are_anywhere() -> None:
    assert exposed_ports(["8000/tcp", "53/udp"]) == [Port(8000), Port(53, protocol="udp")]


def test_a_port_is_bound_and_does_not_listen() -> None:
    with bound([Port(80)]) as [anywhere]:
        assert anywhere.port.host
    ports = [Port(80, free_port()), Port(53, free_port(), protocol="udp")]
    with bound(ports) as [stream, datagrams]:
        assert str(stream.port) == f"80/tcp -> 127.0.0.1:{stream.port.host}"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", stream.port.host), timeout=5)
        for port in (stream.port, datagrams.port):
            with pytest.raises(PortTakenError) as raised, bound([port]):
                pass
            assert "another program has it" in raised.value.message
    with bound([stream.port]):
        pass


def test_the_first_port_of_a_range_that_is_free_is_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        with bound(parse_ports(f"{first}-{first + 20}:80")) as ports:
            assert first < ports[0].port.host <= first + 20
            assert ports[0].socket.getsockname()[1] == ports[0].port.host
        with pytest.raises(PortTakenError), bound([Port(80, first, last=first)]):
            pass


def test_a_port_that_ended_connections_hold_is_had() -> None:
    """The side that closes first keeps the port for a minute (TIME_WAIT)."""
    with bound([Port(80, free_port())]) as [first]:
        first.socket.listen()
        first.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with socket.create_connection(("127.0.0.1", first.port.host), timeout=5) as client:
            first.socket.setblocking(True)
            first.socket.accept()[0].close()
            assert client.recv(1) == b""
    with bound([first.port]) as [second]:
        second.socket.listen()


def test_an_address_that_is_not_here_is_an_error() -> None:
    with pytest.raises(PortTakenError) as raised, bound([Port(80, 0, "192.0.2.1")]):
        pass
    assert "no such address" in raised.value.message


def test_a_network_is_a_value() -> None:
    network = Network(ports=["8080:80", 443], allow=["a.example"], log=Path("log"))
    assert network == Network(ports=("8080:80", 443), allow=("a.example",), log=Path("log"))
    assert hash(network) == hash(
        Network(ports=("8080:80", 443), allow=["a.example"], log=Path("log"))
    )
    assert network.published == (Port(80, 8080), Port(443))
    assert Network().is_none
    assert not Network(host=True).is_none


def test_a_network_s_rules_are_the_policy_s() -> None:
    network = Network(
        allow=["a.example:443"], allow_inside=["b.corp"], host=True, dns=["192.0.2.53"],
        connections=7, connect_time=0.5, idle_time=None, sent="1KiB", received=None,
    )  # fmt: skip
    assert network.rules.splitlines() == [
        "name a.example 443 443 a.example:443",
        "inside b.corp 1 65535 b.corp",
        "all --network=host",
        "server 4 c0000235 53",
        "limit connections 7",
        "limit connect_ns 500000000",
        "limit sent 1024",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"connections": 0}, {"connections": 1 << 20}, {"connect_time": 0}, {"idle_time": -1},
        {"sent": 0}, {"received": "0KB"}, {"sent": "many"}, {"allow": "a.example"},
        {"allow": ["*"]}, {"ports": "80:80"}, {"ports": ["x"]}, {"dns": ["x"]},
        {"dns": ["192.0.2.53"] * 4}, {"allow_inside": ["10.0.0.0/8"]},
        {"allow": ["a.example"] * 5000},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_when_it_is_made(wrong: dict[str, object]) -> None:
    with pytest.raises((NetworkValueError, PortValueError, LimitValueError)) as raised:
        Network(**wrong)  # type: ignore[arg-type]
    assert isinstance(raised.value, BoxerError)
