"""Temporary folders, drafts and programs do not outlive what they were made for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from boxer import ending
from boxer.ending import draft, run_program, temporary_folder, told_of_waiting

# Says who it is, and its child; both go on for ever.
ENDLESS = """\
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


def test_a_temporary_folder_is_gone_after_its_block_whatever_is_in_it() -> None:
    made = []

    def work() -> None:
        with temporary_folder("boxer-test-") as folder:
            made.append(folder)
            below = folder / "a" / "b"
            below.mkdir(parents=True)
            (below / "file").write_text("x")
            (folder / "link").symlink_to("/")
            below.chmod(0o500)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not made[0].exists()


def test_a_draft_that_was_not_finished_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "draft"

    def work() -> None:
        with draft(path):
            path.write_text("half")
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_program_writes_into_its_result() -> None:
    script = "import sys; print(1); print(2, file=sys.stderr); sys.exit(3)"
    done = run_program([sys.executable, "-c", script], timeout=None)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"1\n", b"2\n")
    done = run_program([sys.executable, "-u", "-c", script], timeout=None, streams="one")
    assert (done.stdout, done.stderr) == (b"1\n2\n", b"")


def test_a_program_has_no_input() -> None:
    script = "import sys; print(repr(sys.stdin.read()))"
    assert run_program([sys.executable, "-c", script], timeout=None).stdout == b"''\n"


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(TimeoutError):
        run_program([sys.executable, "-c", ENDLESS, str(pids)], timeout=20)
    assert not [pid for pid in pids.read_text().split() if _runs(int(pid))]


def test_a_program_that_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        run_program(["/nonexistent/program"], timeout=1)


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def test_who_waits_for_a_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_TELL", 0.01)
    told: list[float] = []
    script = "import sys, time\nprint(1, flush=True)\ntime.sleep(0.5)\nprint(2)"
    with told_of_waiting(told.append):
        done = run_program([sys.executable, "-c", script], timeout=60)
    assert done.stdout == b"1\n2\n"
    assert told
    assert told == sorted(told)
