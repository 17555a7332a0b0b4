"""Names looked up by threads of native/, under sanitizers, at a name server of the test's."""

from __future__ import annotations

import errno
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.nameserver import (
    AAAA,
    CNAME,
    NXDOMAIN,
    PTR,
    REFUSED,
    A,
    Answers,
    NameServer,
    name_server,
)
from tests.native_parts.test_native_parts import COMPILER, build
from tests.native_parts.test_native_parts_policy import SOURCES, named

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")

PARTS = [*SOURCES, "lookup.c", "nameserver.c", "resolve.c"]
FOUND, NODATA, NO_NAME, FAILED, NOT_ALLOWED = map(str, range(5))
Ask = Callable[..., list[str]]


@pytest.fixture(scope="session", params=["address", "thread"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(
        tmp_path_factory.mktemp("resolve"), "ask_resolver", *PARTS, sanitizer=request.param
    )


@pytest.fixture(scope="session")
def ask(program: Path) -> Ask:
    def asked(
        rules: Sequence[str], questions: Sequence[str], server: NameServer | None = None
    ) -> list[str]:
        """The answers, in the order of the questions."""
        file = program.with_name("rules")
        address = "0" * 31 + "1" if server and server.is_v6 else "7f000001"
        family = 6 if server and server.is_v6 else 4
        servers = [f"server {family} {address} {server.port}"] if server else []
        file.write_text("".join(f"{rule}\n" for rule in (*rules, *servers)))
        done = subprocess.run(
            [str(program), str(file)],
            input="\n".join(questions), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if not line.startswith("told ")]
        return [line.split(" ", 1)[1].strip() for line in sorted(lines, key=_number)]

    return asked


def _number(line: str) -> int:
    return int(line.split()[0])


def zone(name: str, kind: int) -> Answers | None:
    known: dict[tuple[str, int], Answers] = {
        ("a.example", A): [(A, "11.0.0.1"), (A, "11.0.0.2")],
        ("a.example", AAAA): [(AAAA, "2606::7")],
        ("alias.example", A): [(CNAME, "a.example"), (A, "11.0.0.1")],
        ("inside.example", A): [(CNAME, "db.corp"), (A, "10.0.0.1")],
        ("mixed.example", A): [(A, "10.0.0.1"), (A, "11.0.0.3"), (A, "127.0.0.1")],
        ("many.example", A): [(A, f"11.0.1.{number}") for number in range(200)],
        ("refused.example", A): REFUSED,
        ("empty.example", A): [],
        ("1.0.0.11.in-addr.arpa", PTR): [(PTR, "a.example")],
        ("2.0.0.11.in-addr.arpa", PTR): [(PTR, "evil\x1b[31m.example")],
    }
    return known.get((name, kind), NXDOMAIN)


NET = "allow 4 0b000000 8 1 65535 11.0.0.0/8"
EXAMPLE = named("*.example")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("A a.example", f"{FOUND} 11.0.0.1 11.0.0.2"),
        ("A A.Example.", f"{FOUND} 11.0.0.1 11.0.0.2"),
        ("AAAA a.example", f"{FOUND} 2606::7"),
        ("A alias.example", f"{FOUND} 11.0.0.1"),
        ("A inside.example", NOT_ALLOWED),
        ("A mixed.example", f"{FOUND} 11.0.0.3"),
        ("A many.example", f"{FOUND} " + " ".join(f"11.0.1.{number}" for number in range(16))),
        ("A refused.example", FAILED),
        ("A empty.example", NODATA),
        ("A nothing.example", NO_NAME),
        ("A elsewhere.de", f"failed {errno.EACCES}"),
        ("A 127.0.0.1", f"failed {errno.EINVAL}"),
        ("PTR 1.0.0.11.in-addr.arpa", f"{FOUND} a.example"),
        ("PTR 2.0.0.11.in-addr.arpa", NODATA),
        ("PTR 1.0.0.12.in-addr.arpa", f"failed {errno.EACCES}"),
        ("A host.boxer.internal", f"failed {errno.EACCES}"),
    ],
)
def test_a_server_s_answers_are_checked(ask: Ask, question: str, answer: str) -> None:
    with name_server(zone) as server:
        assert ask([EXAMPLE, NET], [question], server) == [answer]


def test_a_server_may_have_an_ipv6_address(ask: Ask) -> None:
    with name_server(zone, "::1") as server:
        assert ask([EXAMPLE], ["A a.example"], server) == [f"{FOUND} 11.0.0.1 11.0.0.2"]


def test_what_is_not_granted_is_not_asked(ask: Ask) -> None:
    with name_server(zone) as server:
        ask([EXAMPLE], ["A a.de", "A 2130706433", "PTR 1.0.0.11.in-addr.arpa"], server)
        assert server.asked == []


def test_the_host_s_own_name_is_asked_of_nobody(ask: Ask) -> None:
    rules = [named("host.boxer.internal")]
    names = ["A host.docker.internal", "AAAA host.boxer.internal", "PTR 1.1.1.254.in-addr.arpa"]
    with name_server(zone) as server:
        got = ask(rules, names, server)
        assert got == [f"{FOUND} 254.1.1.1", NODATA, f"{FOUND} host.boxer.internal"]
        assert server.asked == []


def test_questions_of_one_life_have_a_limit(ask: Ask) -> None:
    with name_server(zone) as server:
        got = ask([EXAMPLE], ["A a.example"] * 70, server)
    assert got == [f"{FOUND} 11.0.0.1 11.0.0.2"] * 64 + [f"failed {errno.EAGAIN}"] * 6


def test_the_host_s_own_way_is_checked_too(ask: Ask) -> None:
    """`localhost.localdomain` or the host's own name: whatever the files say is this host."""
    own = socket.gethostname().lower()
    [answer] = ask([named(own)], [f"A {own}"])
    assert answer.split()[0] in (NOT_ALLOWED, NO_NAME, FAILED, NODATA, FOUND)
    assert "127." not in answer


def test_a_machine_may_be_gone_before_its_answers(ask: Ask) -> None:
    with name_server(zone) as server:
        assert ask([EXAMPLE], [*["A a.example"] * 30, "leave"], server) == []


def test_a_silent_server_is_a_failure(ask: Ask) -> None:
    with name_server(lambda name, kind: None) as server:
        assert ask([EXAMPLE], ["A a.example"], server) == [FAILED]
