"""cryptography in a box, and the packages that are asked for with it: each does its work there.

One box has all of them (`cryptoprograms`). Their wheels are kept: what is not there is built from
source, which takes minutes the first time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import boxer
from boxer.packages.native.rust import find_rust

PROGRAMS = Path(__file__).with_name("cryptoprograms")
NEEDED = "forky"
pytestmark = [
    pytest.mark.base,
    pytest.mark.network,
    pytest.mark.skipif(
        NEEDED not in find_rust(), reason="the Rust compiler is made by `make rust`"
    ),
]
LIMITS = boxer.Limits(time=300)
# As people write them.
ASKED = [
    *(
        "cryptography[ssh]>=42",
        "pyjwt[crypto]",
        "python-jose[cryptography]",
        "paramiko",
        "pyopenssl",
    ),
    *("authlib", "twine", "google-auth", "msal", "pymysql[rsa]", "requests[security]"),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    """A box that was frozen when all its generators had drawn."""
    folder = tmp_path_factory.mktemp("crypto")
    shutil.copytree(PROGRAMS, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "app" / "main.py").write_text("from drawn import drawn\n\ndef begin(): drawn()\n")
    (folder / "requirements.txt").write_text("\n".join(ASKED) + "\n")
    (folder / "Dockerfile").write_text(
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt .\n"
        "RUN pip install -r requirements.txt\nCOPY app .\n"
        'CMD ["python", "-c", "import drawn"]\n'
    )
    return boxer.build(folder, init="main:begin")


def said(box: boxer.Box, *command: str) -> str:
    result = box.run(["python", "-W", "ignore", *command], limits=LIMITS)
    assert result.exit_code == 0, result.stderr.decode()
    return result.stdout.decode()


PRINTED = {
    "primitives": [
        *("AESGCM", "AESCCM", "ChaCha20Poly1305", "AESOCB3", "AESGCMSIV", "AESSIV"),
        *("signatures", "serialization", "x509 CN=box", "pkcs", "kdf"),
    ],
    "tokens": ["pyjwt", "python-jose", "authlib", "google-auth", "msal"],
    "shell": ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "another's key: refused"],
    "sessions": ["TLSv1.3 client", "http/1.1", "a stranger: refused", "many contexts"],
    "clients": ["pymysql", "pynacl", "twine True", "requests True"],
}


@pytest.mark.parametrize("program", PRINTED)
def test_each_does_its_work(box: boxer.Box, program: str) -> None:
    assert said(box, f"/app/{program}.py").splitlines() == PRINTED[program]


def test_there_is_one_openssl(box: boxer.Box) -> None:
    text = (
        "import ssl\nfrom cryptography.hazmat.backends.openssl.backend import backend\n"
        "from OpenSSL import SSL\nprint(len({ssl.OPENSSL_VERSION, "
        "backend.openssl_version_text(), SSL.OpenSSL_version(0).decode()}))"
    )
    assert said(box, "-c", text) == "1\n"


# Random state: what the builder has drawn lies in the image (tests/library/test_library_tls.py).


def in_common(drawings: list[list[bytes]]) -> list[bytes]:
    """Runs of eight bytes that two of them have."""
    seen: dict[bytes, int] = {}
    found = []
    for number, parts in enumerate(drawings):
        for text in parts:
            for place in range(len(text) - 7):
                if seen.setdefault(text[place : place + 8], number) != number:
                    found.append(text[place : place + 8])
    return found


def test_two_runs_and_their_forks_share_nothing(box: boxer.Box) -> None:
    program = "from drawn import *\nprint(*children(), sep='\\n')"
    lines = [line for _ in range(2) for line in said(box, "-c", program).splitlines()]
    assert len(lines) == 8
    assert in_common([eval(line) for line in lines]) == []


def test_two_calls_share_nothing(box: boxer.Box) -> None:
    with box.pool(size=1, limits=LIMITS) as pool:
        found = [pool.call("drawn:drawn") for _ in range(2)]
    with box.pool(size=1, limits=LIMITS) as pool:
        found += [pool.call("drawn:drawn") for _ in range(2)]
    assert in_common(found) == []


def test_two_forks_of_a_machine_share_nothing(box: boxer.Box) -> None:
    with box.start(limits=LIMITS) as machine:
        found = [machine.call("drawn:drawn")]
        forks = [machine.fork() for _ in range(2)]
        found += [fork.call("drawn:drawn") for fork in forks]
        found.append(machine.call("drawn:drawn"))
    assert in_common(found) == []
