"""A server in C, and clients of others' making from outside: wrk, curl."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import wrk
from tests.boxes.conftest import Boxer
from tests.ports import free_port

pytestmark = pytest.mark.base

BOXER = Path(sys.executable).with_name("boxer")
SOURCE = Path(__file__).parent / "network" / "server.c"
PATIENCE = 300


@pytest.fixture(scope="module")
def box(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("outside") / "server.wasm"
    done = boxer("cc", SOURCE, "-O2", "-o", made)
    assert done.returncode == 0, done.stderr
    return made


def answer_of(port: int, path: str = "/hello") -> str:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(client):
        client.request("GET", path)
        return client.getresponse().read().decode()


@pytest.fixture
def port(box: Path) -> Iterator[int]:
    """Of the server, once it answers."""
    chosen = free_port()
    words = [str(BOXER), "run", "-p", f"{chosen}:8000", str(box), "8000"]
    with subprocess.Popen(words) as process:
        try:
            end = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer_of(chosen)
                    break
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            yield chosen
        finally:
            process.terminate()


def test_a_server_in_c(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(client):  # one connection, and others meanwhile
        for number in range(20):
            client.request("GET", f"/{number}")
            assert client.getresponse().read() == b"C says /%d" % number
            assert answer_of(port) == "C says /hello"


def test_wrk_has_no_errors(port: int) -> None:
    try:
        wrk.words()
    except SystemExit as there_is_none:
        pytest.skip(str(there_is_none))
    assert wrk.ask(port, 32, 1, ["--timeout", "30s"]).count > 32


def test_curl_keeps_its_connection(port: int) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed: apt-get install curl")
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(5)]
    words = ["curl", "-sS", "-w", " %{num_connects}\n", *urls]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert said.splitlines() == [f"C says /{n} {int(n == 0)}" for n in range(5)]
