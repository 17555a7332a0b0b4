"""`boxer serve` as a person starts it."""

from __future__ import annotations

import concurrent.futures
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
BOXER = [sys.executable, "-m", "boxer.cli"]


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """The address it says it listens on."""
    command = [*BOXER, "serve", *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if found := re.search(r"running on (http\S+)", line):
                    break
            else:
                raise AssertionError(said)
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            assert process.returncode in (0, 143)


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return bytes(answer.read())


def test_the_boxs_command_says_what_is_served(served_file: Path) -> None:
    with serving(served_file, "-p", "0") as address:
        with concurrent.futures.ThreadPoolExecutor(8) as many:
            answers = set(many.map(get, [f"{address}/x?y=1"] * 40))
        assert answers == {b"GET|/x|y=1|1||" + b"|none|"}
        with pytest.raises(urllib.error.HTTPError, match="500"):
            get(f"{address}/fail")


def test_several_workers(served_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = ("-p", str(port), "--workers", "2", "--app", "applications:asgi")
    with serving(served_file, *more) as address:
        deadline = time.monotonic() + 60
        while True:
            try:
                assert get(f"{address}/") == b"GET / [0] {'pool': 'made'} "
                break
            except urllib.error.URLError:  # the workers are not there yet
                assert time.monotonic() < deadline
                time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--app", "nowhere"], "cannot be served"),
        (["-p", "70000"], "is not [IP:]PORT"),
        (["--workers", "0"], "at least 1"),
        (["--limit", "time=x"], "no number"),
        (["--body", "much"], "is not a size"),
    ],
)
def test_what_is_wrong_is_said(served_file: Path, arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [*BOXER, "serve", str(served_file), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr.partition("\n\n")[0]
