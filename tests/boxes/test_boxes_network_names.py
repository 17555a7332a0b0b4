"""Names at 127.0.0.11 as real resolvers ask for them: dnspython, and the libc's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boxes.conftest import Boxer
from tests.nameserver import AAAA, CNAME, NXDOMAIN, PTR, REFUSED, A, Answers, name_server

pytestmark = [pytest.mark.base, pytest.mark.network]

PROGRAM = Path(__file__).parent / "network" / "names.py"
DOCKERFILE = """FROM python:3.13-slim
RUN pip install dnspython==2.7.0
CMD ["python", "-c", "import dns.resolver, dns.asyncresolver"]
"""
MANY = "many." + "x" * 60 + "." + "y" * 60 + ".example"


def zone(name: str, kind: int) -> Answers | None:
    known: dict[tuple[str, int], Answers] = {
        ("a.example", A): [(A, "11.0.0.1"), (A, "11.0.0.2")],
        ("a.example", AAAA): [(AAAA, "2606::7")],
        ("alias.example", A): [(CNAME, "a.example"), (A, "11.0.0.1")],
        ("inside.example", A): [(A, "10.0.0.1")],
        ("refused.example", A): REFUSED,
        ("empty.example", A): [],
        (MANY, AAAA): [(AAAA, f"2606::{number}") for number in range(1, 17)],
        (MANY, A): [],
        ("1.0.0.11.in-addr.arpa", PTR): [(PTR, "a.example")],
    }
    return known.get((name, kind), NXDOMAIN)


def test_dnspython_and_the_libc_are_answered(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    box = tmp_path / "box.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    with name_server(zone) as server:
        done = boxer(
            "run", "--dns", f"127.0.0.1:{server.port}", "--allow-net", "*.example",
            "--allow-net", "11.0.0.0/8", box, "python", "-c", PROGRAM.read_text(),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    both = "['11.0.0.1', '11.0.0.2']"
    assert done.stdout.splitlines() == [
        "['127.0.0.11']",
        f"{both} ['2606::7'] {both}",
        "['11.0.0.1'] NoAnswer NXDOMAIN",
        "['a.example.']",
        "NXDOMAIN",
        str(["NoNameservers"] * 4),
        "NXDOMAIN NoNameservers NXDOMAIN",
        "16 16",
        "True",
        "16",
        "['11.0.0.1', '11.0.0.2', '2606::7']",
        both,
        "a.example",
        "{2}",
    ]
    assert ("elsewhere.test", A) not in server.asked
