"""A signal ends any command at once, with its status, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ENDED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
# As a shell starts it; Ctrl-C is ignored where the tests run in the background of a script.
START = """\
import runpy, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "boxer"
runpy.run_module("boxer", run_name="__main__")
"""
SECONDS = 300

BACKEND = """\
import os, pathlib, subprocess, sys, time
def build_wheel(folder, config_settings=None, metadata_directory=None):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path(PIDS).write_text(f"{os.getpid()} {child.pid}")
    print("building", flush=True)
    time.sleep(600)
"""


class Command:
    """A command of ours that runs, and what it has said."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.scratch = folder / "tmp"
        self.scratch.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, *arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.scratch)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, text: str) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if text in line:
                return
        raise AssertionError(f"it ended before it said {text!r}")

    def wait_until_it_hears(self) -> None:
        """Until it has a handler for SIGTERM (proc_pid_status(5), SigCgt)."""
        while self.is_running():
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            mask = next(line.split()[1] for line in status.splitlines() if "SigCgt" in line)
            if int(mask, 16) >> (signal.SIGTERM - 1) & 1:
                return
        raise AssertionError("it ended by itself")

    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit status, and what it said after the signal."""
        self._process.send_signal(number)
        said = self._process.communicate(timeout=SECONDS)[1]
        return self._process.returncode, said

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def commands() -> Iterator[list[Command]]:
    started: list[Command] = []
    yield started
    for command in started:
        command.stop()


def build(folder: Path, commands: list[Command], dockerfile: str) -> Command:
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(dockerfile)
    command = Command(folder, "build", "--no-cache", "-o", "x.wasm", "context")
    commands.append(command)
    return command


def assert_nothing_is_left(folder: Path) -> None:
    assert list((folder / "tmp").iterdir()) == []
    assert not (folder / "x.wasm").exists()
    assert list(folder.rglob(".*.part")) == []


@pytest.mark.base
@pytest.mark.parametrize("number", ENDED)
def test_a_signal_ends_a_guest_of_a_run(
    tmp_path: Path, commands: list[Command], number: signal.Signals
) -> None:
    command = build(
        tmp_path, commands, 'FROM python\nRUN echo a\nRUN python -c "while True: pass"\n'
    )
    command.wait_for("while True")
    assert command.end(number) == (ENDED[number], "The build was ended.\n")
    assert_nothing_is_left(tmp_path)


@pytest.mark.base
def test_ctrl_c_ends_a_guest_that_a_shell_of_a_run_started(
    tmp_path: Path, commands: list[Command]
) -> None:
    script = "sh -c 'python -c \"while True: pass\"'"
    command = build(tmp_path, commands, f"FROM python\nRUN {script}\n")
    command.wait_for("while True")
    assert command.end(signal.SIGINT)[0] == 130
    assert_nothing_is_left(tmp_path)


@pytest.mark.base
def test_ctrl_c_ends_a_build_that_freezes(tmp_path: Path, commands: list[Command]) -> None:
    text = (
        "FROM python\nCOPY <<EOF /app/slow.py\nwhile True: pass\nEOF\nWORKDIR /app\n"
        'CMD ["python", "-c", "import slow"]\nLABEL boxer.init=slow:main\n'
    )
    command = build(tmp_path, commands, text)
    command.wait_for("freeze it")
    assert command.end(signal.SIGINT)[0] == 130
    assert_nothing_is_left(tmp_path)


@pytest.mark.base
def test_ctrl_c_ends_the_programs_of_this_machine_that_build_a_package(
    tmp_path: Path, commands: list[Command]
) -> None:
    pids = tmp_path / "pids"
    project = tmp_path / "context" / "project"
    command_text = "FROM python\nCOPY project /project\nRUN echo a\nRUN pip install /project\n"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "slow"\nversion = "1"\n'
    )
    (project / "backend.py").write_text(BACKEND.replace("PIDS", repr(str(pids))))
    (tmp_path / "context" / "Dockerfile").write_text(command_text)
    command = Command(tmp_path, "build", "-o", "x.wasm", "context")
    commands.append(command)
    command.wait_for("pip install")
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert command.is_running()
    status, said = command.end(signal.SIGINT)
    assert status == 130
    assert "3 steps are kept" not in said
    assert "2 steps are kept; the next build goes on there." in said
    assert_nothing_is_left(tmp_path)
    while any(runs(int(pid)) for pid in pids.read_text().split()):
        time.sleep(0.01)  # they have been ended, and go in their own time


def runs(pid: int) -> bool:
    """Whether a process is there that is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def test_a_signal_ends_a_build_that_reads_its_context(
    tmp_path: Path, commands: list[Command]
) -> None:
    command = Command(tmp_path, "build", "-o", "x.wasm", "-")
    commands.append(command)
    command.wait_until_it_hears()
    assert command.end(signal.SIGTERM)[0] == 143
    assert_nothing_is_left(tmp_path)
