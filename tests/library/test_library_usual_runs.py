"""Runs of which the image holds what they compile: as any other run to their program."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

import boxer
from boxer.runtime import Frozen, RunOptions, command_line, run

pytestmark = pytest.mark.base

SEEN = """
import atexit, os, sys

class Told:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("gone", self.name)

told, circle = Told("global"), Told("circle")
circle.own = circle
atexit.register(lambda: print("at the exit", told.name))
main = sys.modules["__main__"]
loader = main.__loader__
print(sorted(main.__dict__), __name__, main.__dict__.get("__file__"), main.__spec__)
print(getattr(loader, "__name__", type(loader).__name__), getattr(loader, "path", ""))
print(sys.argv, sys.orig_argv, sys.path, sys.executable, sys.prefix, sys.flags)
print(sorted(os.environ.items()), os.getcwd(), os.getuid(), sorted(sys.path_importer_cache))
print(open("/proc/self/cmdline", "rb").read(), open("/proc/self/environ", "rb").read())
print(sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.write_through)
print(sys.stdin.read())
"""
SCRIPTS = {
    "seen": SEEN,
    "fails": SEEN + "\ndef f():\n    raise LookupError('no such thing')\nf()\n",
    "exits": SEEN + "\nsys.exit(3)\n",
    "exits_with_text": "raise SystemExit('over')\n",
    "exits_at_once": "import os\nprint('said', flush=True)\nos._exit(7)\n",
    "aborts": "import os\nos.abort()\n",
    "is_interrupted": "def f():\n    raise KeyboardInterrupt\nf()\n",
    "is_killed": "import os\nos.kill(os.getpid(), 15)\n",
    "is_warned": "print('\\d')\n",
    "cannot_be_read": "print(\n",
    "is_latin": "# coding: latin-1\nprint(ascii('\udce4'))\n",
    "begins_with_a_mark": "\ufeffprint('mark')\n",
    "has_other_ends": "print('a')\r\nprint('b')\r\n",
    "threads": "import threading, time\n"
    "told = threading.Event()\n"
    "threading.Thread(target=lambda: (told.wait(), time.sleep(0.01), print('last'))).start()\n"
    "print('first')\ntold.set()\n",
    "leaves_a_daemon": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\nprint('here')\n",
    "forks": "import os\nif os.fork():\n    print(os.wait()[1])\nelse:\n    print('child')\n",
    "execs": "import os\nos.execv('/bin/echo', ['echo', 'other'])\n",
    "runs_another": "import subprocess, sys\n"
    "print(subprocess.run([sys.executable, 'threads.py', 'a'], input=b'x', capture_output=True))\n",
    "imports": "import helper\nprint(helper.name)\n",
    "closes_stdout": "import sys\nprint('x')\nsys.stdout.close()\n",
    "has_generators": "import random\nprint(0 <= random.random() < 1)\n",
    "has_doc": "'text'\nprint(__doc__)\n",
    "puts_modules_away": "import sys\ndel sys.modules['json']\nimport json\nprint(json.dumps(1))\n",
    "looks_at_its_lines": "import inspect, linecache\n"
    "def f():\n    return 1\nprint(inspect.getsource(f), len(linecache._interactive_cache))\n",
}  # fmt: skip
HELPER = """
class Told:
    def __del__(self):
        print("gone with the module")
name, told = "helper", Told()
"""
PACKAGE = "import sys\nprint(__name__, sys.argv, sys.path)\n"
FAILS = "import sys\ndef f():\n    print(sys.argv)\n    1 / 0\nf()"
LINES = [
    *(["python", f"{name}.py", "a", "b c"] for name in SCRIPTS),
    ["python", "./seen.py"], ["python", "/app/seen.py"], ["python", "seen.py", "ä"],
    ["python", "linked.py"], ["python3", "seen.py"], ["/usr/local/bin/python", "seen.py"],
    ["python", "-c", SEEN, "a"], ["python", "-c", FAILS], ["python", "-c", "print('\\d')"],
    ["python", "-c", ""], ["python", "-c"], ["python", "-c", "print('ä')"], ["python", ""],
    ["python", "-m", "package", "a"], ["python", "package"], ["python", "packed.pyz"],
    ["python", "missing.py"], ["python", "secret.py"], ["python", "-"], ["python"],
    ["python", "-u", "seen.py"], ["python", "-I", "seen.py"], ["python", "-O", "seen.py"],
    ["python", "-i", "exits.py"], ["python", "-X", "dev", "seen.py"], ["python", "-V"],
    ["./script", "a"], ["sh", "-c", "python seen.py; echo $?"], ["true"], ["nothing"],
]  # fmt: skip
SETTINGS = [
    "", "ENV PYTHONUNBUFFERED=1", "ENV LANG=C LC_ALL=C", "ENV PYTHONSAFEPATH=1", "USER 1000",
    "ENV PYTHONINSPECT=1", "ENV PYTHONWARNINGS=error::SyntaxWarning", "ENV PYTHONOPTIMIZE=2",
    "ENV PYTHONPATH=/tmp HOME=/tmp", "ENV TZ=Europe/Berlin", "ENTRYPOINT [\"python\"]",
]  # fmt: skip


def built(folder: Path, settings: str, command: str) -> boxer.Box:
    for name, text in SCRIPTS.items():
        (folder / f"{name}.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    (folder / "helper.py").write_text(HELPER)
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text(PACKAGE)
    (folder / "script").write_text("#!/usr/bin/env python\nimport sys\nprint(sys.argv)\n")
    (folder / "secret.py").write_text("print('secret')\n")
    (folder / "Dockerfile").write_text(
        "FROM python:slim\nWORKDIR /app\nCOPY . .\n"
        "RUN chmod 755 script && chmod 0 secret.py && ln -s /app/seen.py linked.py"
        " && python -m zipapp package -o packed.pyz\n"
        f"{settings}\nCMD {command}\n"
    )
    return boxer.build(folder)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    return built(tmp_path_factory.mktemp("usual"), "", '["python", "seen.py"]')


def comparable(result: boxer.RunResult) -> object:
    """Without the variable that made it another run."""
    told = [result.stdout, result.stderr]
    for text in ("('OTHER', '1'), ", "OTHER=1\\x00", "OTHER=1\n"):
        told = [one.replace(text.encode(), b"") for one in told]
    return result.exit_code, result.limit, result.crash, told


def in_image_of(box: boxer.Box, line: Sequence[str]) -> Frozen:
    settled = box.frozen.settled(RunOptions(arguments=command_line(line)))
    return settled or box.frozen


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line)[:24])
def test_a_usual_run_is_as_any_other(box: boxer.Box, line: list[str]) -> None:
    usual = run(in_image_of(box, line), line, stdin=b"in")
    other = box.run(line, stdin=b"in", env={"OTHER": "1"})
    assert comparable(usual) == comparable(other)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_box_runs_its_own_command_as_any_other(tmp_path: Path, settings: str) -> None:
    command = '["seen.py", "a"]' if "ENTRYPOINT" in settings else '["python", "seen.py", "a"]'
    box = built(tmp_path, settings, command)
    usual, other = box.run(stdin=b"in"), box.run(stdin=b"in", env={"OTHER": "1"})
    assert usual.exit_code == 0
    assert comparable(usual) == comparable(other)


KEPT = [["python", "seen.py"], ["python", "-c", FAILS], ["python", "exits.py", "a"]]
NOT_KEPT = [
    ["python", "is_warned.py"], ["python", "cannot_be_read.py"], ["python", "missing.py"],
    ["python", "package"], ["python", "packed.pyz"], ["python", "-m", "package"], ["true"],
    ["python", "-O", "seen.py"], ["python"], ["nothing"],
]  # fmt: skip


@pytest.mark.parametrize("line", KEPT, ids=" ".join)
def test_what_a_line_compiles_can_be_kept(box: boxer.Box, line: list[str]) -> None:
    assert box.frozen.settled(RunOptions(arguments=command_line(line))) is not None


@pytest.mark.parametrize("line", NOT_KEPT, ids=" ".join)
def test_what_a_run_says_itself_is_not_kept(box: boxer.Box, line: list[str]) -> None:
    assert box.frozen.settled(RunOptions(arguments=command_line(line))) is None


def test_its_own_program_is_not_read(box: boxer.Box) -> None:
    own = box.run(env={"BOXER_STRACE": "1"})
    other = box.run(env={"BOXER_STRACE": "1", "OTHER": "1"})
    assert b'"/app/seen.py"' not in own.stderr
    assert b'"/app/seen.py"' in other.stderr


def test_another_file_over_it_is_read(box: boxer.Box, tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text("print('from the host')\n")
    result = box.run(mounts=[boxer.Mount(tmp_path, "/app")])
    assert result.stdout == b"from the host\n"


def test_a_line_that_is_run_often_gets_an_image(box: boxer.Box) -> None:
    often, other = ["python", "seen.py", "a"], ["python", "-c", "print(1)"]
    with box.pool(size=1) as pool:
        results = [pool.run(often, stdin=b"in") for _ in range(40)]
        assert {dataclasses.replace(one, usage=results[0].usage) for one in results} == {results[0]}
        assert pool.run(other).stdout == b"1\n"
        assert {pool.run(other).stdout for _ in range(40)} == {b"1\n"}
        assert pool.run(often, stdin=b"in") == results[0]
        assert pool.idle <= 2


def test_a_line_that_is_run_often_may_meet_mounted_folders(box: boxer.Box, tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text("import time\nprint('mounted')\n")
    with box.pool(size=1, mounts=[boxer.Mount(tmp_path, "/app")]) as pool:
        told = {pool.run(["python", "seen.py"]).stdout for _ in range(40)}
    assert told == {b"mounted\n"}
