"""`boxer serve` as a person starts it."""

from __future__ import annotations

import concurrent.futures
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.serving.running import until

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
            process.communicate(timeout=300)
            assert process.returncode in (0, 143)


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=300) as answer:
        return bytes(answer.read())


def answers(address: str) -> bool:
    try:
        get(address)
    except urllib.error.URLError:
        return False
    return True


def test_the_boxs_command_says_what_is_served(served_file: Path) -> None:
    with serving(served_file, "-p", "0") as address:
        with concurrent.futures.ThreadPoolExecutor(8) as many:
            answers = set(many.map(get, [f"{address}/x?y=1"] * 40))
        assert answers == {b"GET|/x|y=1|1||" + b"|none|"}
        with pytest.raises(urllib.error.HTTPError, match="500"):
            get(f"{address}/fail")


def test_several_workers(served_file: Path) -> None:
    more = ("-p", "0", "--workers", "2", "--app", "applications:asgi")
    with serving(served_file, *more) as address:
        until(lambda: answers(address))  # the workers are not there yet
        assert get(f"{address}/") == b"GET / [0] {'pool': 'made'} "


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--app", "nowhere"], "cannot be served"),
        (["-p", "70000"], "is not [IP:]PORT"),
        (["--workers", "0"], "at least 1"),
        (["--limit", "time=x"], "no number"),
        (["--body", "much"], "is not a size"),
        (["--rehearse", "nonsense"], "`nonsense` is no rehearsal"),
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


@pytest.mark.parametrize("options", [[], ["--own-server"], ["--workers", "2"]])
def test_a_port_that_another_program_has(served_file: Path, options: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*BOXER, "serve", str(served_file), "-p", port, *options],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error[port-taken]: Port `127.0.0.1:{port}` (tcp) cannot be had")
    assert "\n\nhint: " in done.stderr


def test_a_command_that_serves_nothing(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM python\nCMD ["python", "-c", "pass"]\n')
    box = tmp_path / "box.wasm"
    subprocess.run([*BOXER, "build", "-q", "-o", str(box), str(tmp_path)], check=True)
    done = subprocess.run(
        [*BOXER, "serve", str(box), "-p", "0"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "error[cannot-serve]: The box's server has ended before it waited" in done.stderr
    assert "hint: Try it: boxer run" in done.stderr


def test_options_of_a_service(served_file: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "mine").write_text("on a volume")
    options = ["-p", "0", "--app", "living:wsgi", "--isolation", "none", "--metrics"]
    with serving(served_file, *options, "-v", f"{data}:/tmp:ro") as address:
        assert get(f"{address}/read") == b"on a volume"
        assert get(address) == b"2"
        figures = get(f"{address}/metrics").decode()
    assert 'boxer_requests_total{status="200"} 2.0' in figures
    assert 'boxer_calls_total{way="living"} 2.0' in figures
    assert "boxer_machines_living 1.0" in figures


# A service's own streams have machines beside those of its requests: 4 and 4 for each worker.
@pytest.mark.parametrize(
    ("options", "machines"),
    [(["--streams", "4"], 16), (["--own-server"], 8)],
    ids=["application", "own-server"],
)
def test_figures_of_several_workers(
    served_file: Path, request: pytest.FixtureRequest, options: list[str], machines: int
) -> None:
    pytest.importorskip("prometheus_client")
    is_own = "--own-server" in options
    box = request.getfixturevalue("own_served_file") if is_own else served_file
    more = ["-p", "0", "--workers", "2", "--machines", "4", "--metrics=/figures"]
    with serving(box, *more, *options) as address:
        until(lambda: answers(address))  # the workers are not there yet
        for _ in range(19):
            get(address)
        wanted = {'boxer_requests_total{status="200"} 20.0', f"boxer_machines {machines}.0"}
        until(lambda: wanted <= set(get(f"{address}/figures").decode().splitlines()))


def test_granian(served_file: Path) -> None:
    pytest.importorskip("granian", reason="granian is not installed")
    port = free_port()
    command = [*BOXER, "serve", str(served_file), "-p", str(port), "--host-lib", "granian"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}"))
            assert get(f"http://127.0.0.1:{port}/x?y=1") == b"GET|/x|y=1|1|||none|"
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=300)
