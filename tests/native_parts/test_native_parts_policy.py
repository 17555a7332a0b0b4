"""What a box may reach: the policy of native/ under sanitizers, asked a question a line."""

from __future__ import annotations

import errno
import ipaddress
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native_parts.test_native_parts import COMPILER, build

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")

PARTS = ("addresses", "grants", "judging", "known", "names", "policy", "telling")
SOURCES = [f"{name}.c" for name in PARTS]
Ask = Callable[..., list[str]]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("policy"), "ask_policy", *SOURCES)


@pytest.fixture(scope="session")
def ask(program: Path) -> Ask:
    """Asks: the answers of one life, what was told among them."""

    def asked(rules: Sequence[str], questions: Sequence[str], log: Path | None = None) -> list[str]:
        file = program.with_name("rules")
        file.write_text("".join(f"{rule}\n" for rule in rules))
        words = [str(program), str(file), *([str(log)] if log else [])]
        text = "\n".join(questions)
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    return asked


def place(address: str, port: int = 443, scope: int = 0) -> str:
    parsed = ipaddress.ip_address(address)
    return f"{parsed.version} {parsed.packed.hex()} {port} {scope}"


def allow(net: str, first: int = 1, last: int = 65535) -> str:
    parsed = ipaddress.ip_network(net)
    address = f"{parsed.version} {parsed.network_address.packed.hex()} {parsed.prefixlen}"
    return f"allow {address} {first} {last} {net}:{first}-{last}"


def named(name: str, first: int = 1, last: int = 65535, kind: str = "name") -> str:
    return f"{kind} {name} {first} {last} {name}"


def answers(name: str, *addresses: str) -> str:
    return f"answer {name} {len(addresses)} " + " ".join(place(each, 0) for each in addresses)


def untold(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.startswith("told ")]


REFUSED, NO_NETWORK = str(errno.EACCES), str(errno.ENETUNREACH)
PUBLIC, PUBLIC6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
EVERYTHING = [allow("0.0.0.0/0"), allow("::/0")]
INSIDE = [
    "0.0.0.1", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1",
    "127.1.2.3", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "fc00::1", "fdff::1",
    "fe80::1", "febf::1", "ff02::1", "100::1", "2001:db8::1", "2001:2::1", "2002:7f00:1::",
    "3fff::1", "4000::1", "64:ff9b:1::1", "5f00::1", "fec0::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2606::1", "2a00:1450::1", "2003::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_wide_rule_grants_no_address_that_is_not_global(ask: Ask, address: str) -> None:
    assert untold(ask(EVERYTHING, [f"tcp {place(address)}", f"udp {place(address)}"])) == [
        REFUSED,
        REFUSED,
    ]


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_wide_rule_grants_what_is_global(ask: Ask, address: str) -> None:
    assert ask(EVERYTHING, [f"tcp {place(address)}"]) == [f"0 {address} 443 0"]


@pytest.mark.parametrize("address", INSIDE)
@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}"])
def test_an_address_in_an_address_is_judged_as_itself(ask: Ask, address: str, form: str) -> None:
    if ":" in address:
        return
    assert untold(ask(EVERYTHING, [f"tcp {place(form.format(address))}"])) == [REFUSED]


def test_mapped_addresses_are_connected_to_as_ipv4(ask: Ask) -> None:
    rules = [allow("10.0.0.0/8")]
    questions = [f"tcp {place('::ffff:10.0.0.1')}", f"tcp {place('64:ff9b::10.0.0.1')}"]
    assert ask(rules, questions) == ["0 10.0.0.1 443 0", "0 64:ff9b::a00:1 443 0"]


def test_rules_for_mapped_addresses_are_rules_for_ipv4(ask: Ask) -> None:
    assert ask([allow("::ffff:10.0.0.0/104")], [f"tcp {place('10.1.1.1')}"]) == ["0 10.1.1.1 443 0"]


NEVER = "0.0.0.0 0.1.2.3 127.0.0.1 127.9.9.9 ::ffff:127.0.0.1 ::ffff:0.0.0.0 ::1 :: 64:ff9b::7f00:1"


@pytest.mark.parametrize("address", NEVER.split())
@pytest.mark.parametrize(
    "rules",
    [["all host"], [allow("127.0.0.0/8"), allow("0.0.0.0/8"), allow("::/127")]],
    ids=["all", "by address"],
)
def test_the_host_itself_is_never_granted_by_address(
    ask: Ask, rules: list[str], address: str
) -> None:
    assert untold(ask(rules, [f"tcp {place(address)}", f"udp {place(address)}"])) == [REFUSED] * 2


def test_a_rule_within_the_range_grants_a_private_address(ask: Ask) -> None:
    rules = [allow("10.2.0.0/16", 5432, 5432), allow("169.254.169.254/32"), allow("fd00::/8")]
    questions = [("10.2.3.4", 5432), ("10.2.3.4", 5433), ("10.3.3.4", 5432)]
    questions += [("169.254.169.254", 80), ("169.254.169.253", 80), ("fd12::9", 22), ("fc12::9", 2)]
    got = untold(ask(rules, [f"tcp {place(*each)}" for each in questions]))
    assert [line.split()[0] for line in got] == ["0", "13", "13", "0", "13", "0", "13"]


def test_without_rules_there_is_no_network(ask: Ask) -> None:
    assert untold(ask([], [f"tcp {place(PUBLIC)}", "resolve example.com"])) == [NO_NETWORK] * 2


def test_a_name_grants_what_was_found_for_it_and_no_more(ask: Ask) -> None:
    rules = [named("example.com", 443, 443)]
    got = ask(
        rules,
        [
            f"tcp {place(PUBLIC)}",
            "resolve example.com",
            answers("example.com", PUBLIC, PUBLIC6),
            f"tcp {place(PUBLIC)}",
            f"tcp {place(PUBLIC6)}",
            f"tcp {place(PUBLIC, 80)}",
            f"tcp {place('93.184.216.35')}",
        ],
    )
    assert [line.split()[0] for line in untold(got)] == ["13", "0", "2", "0", "0", "13", "13"]


def test_answers_for_other_names_are_not_kept(ask: Ask) -> None:
    got = ask([named("a.example")], [answers("b.example", PUBLIC), f"tcp {place(PUBLIC)}"])
    assert untold(got) == ["0", REFUSED]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_leads_to_no_address_that_is_not_global(ask: Ask, address: str) -> None:
    rules = [named("rebinding.example")]
    got = ask(rules, [answers("rebinding.example", address, PUBLIC), f"tcp {place(address)}"])
    assert untold(got) == [f"1 {PUBLIC} 0 0", REFUSED]


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")


def test_a_name_that_may_resolve_inside_leads_to_private_addresses_alone(ask: Ask) -> None:
    rules = [named("db.corp", 5432, 5432, "inside")]
    private = ["10.0.0.5", "172.16.9.9", "192.168.1.1", "100.64.0.1", "fd00::5"]
    for address in INSIDE:
        got = untold(ask(rules, [answers("db.corp", address), f"tcp {place(address, 5432)}"]))
        is_granted = any(
            ipaddress.ip_address(address) in ipaddress.ip_network(net)
            for net in (
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "100.64.0.0/10",
                "fc00::/7",
            )
            if ipaddress.ip_network(net).version == ipaddress.ip_address(address).version
        )
        assert (got[0] != "0") == is_granted, address
        assert (got[1] != REFUSED) == is_granted, address
    for address in private:
        assert ask(rules, [answers("db.corp", address)]) == [f"1 {address} 0 0"]


def test_a_private_answer_is_granted_by_a_rule_for_its_address_too(ask: Ask) -> None:
    rules = [named("db.corp", 5432, 5432), allow("10.0.0.0/8", 5432, 5432)]
    got = ask(rules, [answers("db.corp", "10.0.0.5"), f"tcp {place('10.0.0.5', 5432)}"])
    assert got == ["1 10.0.0.5 0 0", "0 10.0.0.5 5432 0"]


def test_an_answer_is_forgotten_when_there_are_too_many(ask: Ask) -> None:
    many = [answers("x.example", f"11.0.{i // 256}.{i % 256}") for i in range(600)]
    got = ask(
        [named("x.example")], [*many, f"tcp {place('11.0.0.0')}", f"tcp {place('11.0.2.87')}"]
    )
    assert [line.split()[0] for line in untold(got)[-2:]] == ["13", "0"]


NO_NAMES = [
    "1.1.1.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "010.0.0.1", "1.2.3.4.", "a.1",
    "a.0x1", ".", "..", "a..b", ".a", "a.b..", "*.example.com", "a/b", "a:80", "[::1]", "::1",
    "fe80::1%lo", "a%b", "\\x00", "é.example", "a@b", "a'b",
]  # fmt: skip
NAMES = {
    "Example.COM": "example.com", "example.com.": "example.com", "a_b-c.example": "a_b-c.example",
    "host.docker.internal": "host.boxer.internal", "x" * 63 + ".de": "x" * 63 + ".de",
    **dict.fromkeys(NO_NAMES, "-"),
    "x" * 64 + ".de": "-", ".".join(["x" * 49] * 6): "-",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_canonical_and_no_addresses(ask: Ask, name: str) -> None:
    assert ask([], [f"name {name}"]) == [NAMES[name]]


def test_spellings_of_addresses_are_not_looked_up(ask: Ask) -> None:
    names = ["127.0.0.1", "2130706433", "0177.1", "localhost", "a.localhost", "LOCALHOST."]
    got = ask(["all host"], [f"resolve {name}" for name in names])
    assert got == [str(errno.EINVAL)] * len(names)


@pytest.mark.parametrize(
    ("name", "rule", "is_granted"),
    [
        ("example.com", "example.com", True),
        ("EXAMPLE.com.", "example.com", True),
        ("www.example.com", "example.com", False),
        ("www.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("notexample.com", "*.example.com", False),
        ("example.com.evil.de", "*.example.com", False),
        ("host.boxer.internal", "*.boxer.internal", False),
        ("host.docker.internal", "*.internal", False),
        ("host.docker.internal", "host.boxer.internal", True),
    ],
)
def test_which_names_are_looked_up(ask: Ask, name: str, rule: str, is_granted: bool) -> None:
    got = untold(ask([named(rule)], [f"resolve {name}"]))
    assert got == ["0" if is_granted else REFUSED]


def test_the_host_s_loopback_has_a_name(ask: Ask) -> None:
    rules = [named("host.boxer.internal", 5432, 5432)]
    questions = ["resolve host.docker.internal", answers("host.boxer.internal")]
    questions += [f"tcp {place('254.1.1.1', port)}" for port in (5432, 5433)]
    got = untold(ask(rules, questions))
    assert got == ["0", "1 254.1.1.1 0 0", "0 127.0.0.1 5432 0", REFUSED]
    wide = [allow("254.0.0.0/8"), named("*.internal"), named("a.example")]
    lies = [answers("a.example", "254.1.1.1"), f"tcp {place('254.1.1.1', 5432)}"]
    assert untold(ask(wide, lies)) == ["0", REFUSED]


def test_what_answers_from_the_host_s_loopback_is_heard_as_its_name(ask: Ask) -> None:
    rules = [named("host.boxer.internal", 53, 53), allow("11.1.1.1/32", 123, 123)]
    questions = [("127.0.0.1", 53), ("127.0.0.1", 54), ("11.1.1.1", 123), ("11.1.1.2", 123)]
    got = ask(rules, [f"hear {place(*each)}" for each in questions])
    assert [line.split()[:3] for line in got] == [
        ["1", "254.1.1.1", "53"], ["0", "254.1.1.1", "54"],
        ["1", "11.1.1.1", "123"], ["0", "11.1.1.2", "123"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "is_granted"),
    [
        ("all host", False),
        (allow("11.0.0.0/8"), False),
        (allow("11.0.0.0/8", 25, 26), False),
        (allow("11.0.0.0/8", 25, 25), True),
    ],
)
def test_port_25_is_granted_by_itself(ask: Ask, rule: str, is_granted: bool) -> None:
    got = untold(ask([rule], [f"tcp {place('11.1.1.1', 25)}"]))
    assert got == ["0 11.1.1.1 25 0" if is_granted else REFUSED]


def test_all_grants_private_addresses_and_any_name(ask: Ask) -> None:
    questions = [f"tcp {place('10.0.0.1')}", f"tcp {place('254.1.1.1')}", "resolve any.example"]
    questions += [answers("any.example", "10.0.0.2", "127.0.0.1"), f"udp {place('fe80::1', 9, 2)}"]
    assert untold(ask(["all host"], questions)) == [
        "0 10.0.0.1 443 0", "0 127.0.0.1 443 0", "0", "1 10.0.0.2 0 0", "0 fe80::1 9 2",
    ]  # fmt: skip


def test_a_scope_says_nothing_of_addresses_that_have_none(ask: Ask) -> None:
    rules = [allow("::/0"), allow("fe80::/10")]
    questions = [f"tcp {place(PUBLIC6, 443, 7)}", f"tcp {place('fe80::1', 443, 7)}"]
    assert ask(rules, questions) == [f"0 {PUBLIC6} 443 0", "0 fe80::1 443 7"]


def test_addresses_are_looked_up_when_they_are_granted(ask: Ask) -> None:
    rules = [allow("11.0.0.0/8", 443, 443), allow("2606::/16")]
    names = ["1.1.1.11.in-addr.arpa", "1.1.1.12.in-addr.arpa", "1.in-addr.arpa", "in-addr.arpa"]
    names += [ipaddress.ip_address(text).reverse_pointer for text in ("2606::1", "2607::1")]
    got = untold(ask(rules, [f"resolve {name}" for name in names]))
    assert [line == "0" for line in got] == [True, False, False, False, True, False]


def test_sorting_addresses_is_no_connection(ask: Ask) -> None:
    rules = [named("example.com", 443, 443)]
    questions = [answers("example.com", PUBLIC), f"know {place(PUBLIC, 65535)}"]
    assert ask(rules, [*questions, f"know {place('11.1.1.1', 65535)}"])[1:] == ["1", "0"]


def test_port_0_refuses_connections(ask: Ask) -> None:
    assert ask(["all host"], [f"tcp {place(PUBLIC, 0)}"]) == [str(errno.ECONNREFUSED)]


TOLD = [
    ([], f"tcp {place(PUBLIC)}",
     f"TCP to {PUBLIC} port 443: no rule grants it; to allow it: --allow-net {PUBLIC}:443"),
    ([], f"udp {place(PUBLIC6, 53)}",
     f"UDP to {PUBLIC6} port 53: no rule grants it; to allow it: --allow-net [{PUBLIC6}]:53"),
    ([named("a.example")], "resolve B.example",
     "the name b.example: no rule grants it, so it is not looked up;"
     " to allow it: --allow-net b.example"),
    ([allow("::/0")], f"tcp {place('10.0.0.1')}",
     "TCP to 10.0.0.1 port 443: the address is private (10.0.0.0/8), and no rule grants it;"
     " to allow it: --allow-net 10.0.0.1:443"),
    ([named("a.example")], answers("a.example", "192.168.0.1"),
     "192.168.0.1 as an address of a.example: the address is private (192.168.0.0/16), where the"
     " rule `a.example` does not let the name lead; to allow it: --allow-net-inside a.example"),
    ([named("a.example")], answers("a.example", "169.254.169.254"),
     "169.254.169.254 as an address of a.example: the address is link-local (169.254.0.0/16),"
     " where the rule `a.example` does not let the name lead;"
     " to allow it: --allow-net 169.254.169.254"),
    (["all host"], f"tcp {place(PUBLIC, 25)}",
     f"TCP to {PUBLIC} port 25: port 25 has to be granted by itself;"
     f" to allow it: --allow-net {PUBLIC}:25"),
    (["all host"], f"tcp {place('0.0.0.0')}",
     "TCP to 0.0.0.0 port 443: it is this host (0.0.0.0/8); the host's own is host.boxer.internal"),
    ([allow("11.0.0.0/8", 80, 80)], f"tcp {place('11.0.0.1')}",
     "TCP to 11.0.0.1 port 443: the rule `11.0.0.0/8:80-80` has other ports;"
     " to allow it: --allow-net 11.0.0.1:443"),
    ([], f"tcp {place('254.1.1.1', 5432)}",
     "TCP to host.boxer.internal (254.1.1.1) port 5432: no rule grants it;"
     " to allow it: --allow-net host.boxer.internal:5432"),
    (["limit connections 0", "limit connections 1"], "opened opened",
     "another connection: the limit connections is reached;"
     " to allow it: --limit connections=NUMBER"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "question", "line"), TOLD)
def test_a_refusal_says_what_would_allow_it_once(
    ask: Ask, rules: list[str], question: str, line: str
) -> None:
    told = [line for line in ask(rules, [question] * 3) if line.startswith("told ")]
    assert told == [f"told boxer: refused: {line}"]


def test_a_flood_of_refusals_is_not_told(ask: Ask) -> None:
    got = ask([], [f"tcp {place(PUBLIC, port)}" for port in range(1, 2000)])
    told = [line for line in got if line.startswith("told ")]
    assert len(told) == 257
    assert told[-1].endswith("more than 256 targets; no more are named")


def test_every_decision_is_logged(ask: Ask, tmp_path: Path) -> None:
    log = tmp_path / "log"
    rules = [named("example.com", 443, 443)]
    questions = ["resolve example.com", answers("example.com", PUBLIC, "10.0.0.1")]
    questions += [f"tcp {place(PUBLIC)}", f"tcp {place(PUBLIC)}", f"udp {place(PUBLIC, 53)}"]
    ask(rules, questions, log)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    kinds = [(each["what"], each["decision"], each.get("address")) for each in lines]
    assert kinds == [
        ("resolve", "allowed", None), ("answer", "allowed", PUBLIC),
        ("answer", "refused", "10.0.0.1"), ("connect", "allowed", PUBLIC),
        ("connect", "allowed", PUBLIC), ("connect", "refused", PUBLIC),
    ]  # fmt: skip
    assert lines[3] | {"time": ""} == {
        "time": "", "decision": "allowed", "what": "connect", "protocol": "tcp",
        "host": "example.com", "address": PUBLIC, "port": 443, "rule": "example.com",
    }  # fmt: skip
    assert lines[5]["option"] == "--allow-net example.com:53"


def test_what_cannot_be_logged_is_refused(ask: Ask) -> None:
    got = ask(["all host"], [f"tcp {place(PUBLIC)}"] * 2, Path("/dev/full"))
    assert untold(got) == [REFUSED] * 2
    assert got[0].startswith("told boxer: the log of the network is full")


def test_who_came_has_room_of_its_own_in_the_log(ask: Ask, tmp_path: Path) -> None:
    log = tmp_path / "log"
    came, ended = f"came {place(PUBLIC6)}", f"ended {place(PUBLIC6)}"
    ask([], [came, ended], log)
    accept, close = (json.loads(line) for line in log.read_text().splitlines())
    assert (accept["what"], accept["box_port"], accept["rule"]) == (
        "accept", 8000, "--publish=8000/tcp",
    )  # fmt: skip
    assert (close["what"], close["sent"], close["received"]) == ("close", 1, 2**64 - 1)
    log.unlink()
    got = ask(["all host"], [came] * 500_000 + [f"tcp {place(PUBLIC)}"] * 2, log)
    assert log.stat().st_size < 65 << 20
    told = [line for line in got if line.startswith("told ")]
    assert len(told) == 1
    assert "does not say who comes in" in told[0]
    assert [json.loads(line)["what"] for line in log.read_text().splitlines()[-3:]] == [
        "accept", "connect", "connect",
    ]  # fmt: skip


def test_limits_are_counted(ask: Ask) -> None:
    rules = ["limit connections 2", "limit sent 100", "limit received 50"]
    questions = "opened opened opened closed opened sent 100 received 50 reached sent 1 received 1"
    got = untold(ask(rules, [questions, "reached"]))
    assert got == ["0", "0", str(errno.EADDRNOTAVAIL), "0", "0", "0", "0", "connections", "1", "1",
                   "connections"]  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        "allow", "all", "all a b", "allow 5 00000000 0 1 2 x", "allow 4 0000000 0 1 2 x",
        "allow 4 00000000 33 1 2 x", "allow 4 00000000 0 0 2 x", "allow 4 00000000 0 3 2 x",
        "allow 4 00000000 0 1 65536 x", "allow 4 0000000g 0 1 2 x", "name a.1 1 2 x",
        "name *.*.a 1 2 x", "name a*.b 1 2 x", "name * 1 2 x", "name a.b 1 -2 x", 'name a.b 1 2 "',
        "name a.b 1 2", "limit sent", "limit sent -1", "limit bytes 1",
        "server 4 01010101 0", "limit sent 99999999999999999999", "deny a.b 1 2 x", "x" * 2000,
    ],
)  # fmt: skip
def test_rules_that_are_none_are_an_error(ask: Ask, rule: str) -> None:
    assert ask([named("a.b"), rule], [f"tcp {place(PUBLIC)}"]) == [
        "error line 2 of the rules is none"
    ]


# Addresses that the registry has as exceptions inside of a range, which we leave with their range.
def is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


@given(st.lists(st.ip_addresses(), min_size=20, max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_python_calls_private_is_not_global(ask: Ask, addresses: list[object]) -> None:
    parsed = [ipaddress.ip_address(str(address)) for address in addresses]
    kinds = ask([], [f"kind {place(str(address))}" for address in parsed])
    for address, kind in zip(parsed, kinds, strict=True):
        if not is_global(address):
            assert kind == "1", address
        elif address.version == 4 and address not in ipaddress.ip_network("192.88.99.0/24"):
            assert kind == "0" or address in ipaddress.ip_network("192.0.0.0/24"), address


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_rules_are_read_or_refused(program: Path, data: bytes) -> None:
    file = program.with_name("garbage")
    file.write_bytes(data)
    done = subprocess.run([str(program), str(file)], input=b"", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
