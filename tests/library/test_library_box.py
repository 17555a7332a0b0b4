"""Boxes as objects: load, build, run, limits in the result."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import boxer

pytestmark = pytest.mark.base


def python(box: boxer.Box, code: str, limits: boxer.Limits | None = None) -> boxer.RunResult:
    return box.run(["python", "-c", code], limits=limits)


def test_a_box_of_a_file_runs(box: boxer.Box, tmp_path: Path) -> None:
    with box.start() as machine:
        machine.commit(tmp_path / "app.wasm")
    loaded = boxer.load(tmp_path / "app.wasm")
    assert python(loaded, "print(6 * 7)").stdout == b"42\n"
    assert loaded.info.base_name == "python"


def test_a_box_that_is_not_there_is_an_error() -> None:
    with pytest.raises(boxer.BoxerError, match="no file"):
        boxer.load("missing.wasm")


def test_a_run_gets_what_it_is_given(any_box: boxer.Box) -> None:
    result = any_box.run(
        ["python", "-c", "import os; print(input(), os.environ['A'])"],
        stdin=b"typed\n",
        env={"A": "env"},
    )
    assert (result.exit_code, result.stdout) == (0, b"typed env\n")


READ_IN_A_CHILD = (
    "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', 'print(open(\"/data/in.txt\").read())'], check=True)"
)


def test_a_run_has_the_folders_it_is_given(box: boxer.Box, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("mounted")
    result = box.run(
        ["python", "-c", READ_IN_A_CHILD],
        mounts=[boxer.Mount(tmp_path, "/data", read_only=True)],
    )
    assert (result.exit_code, result.stdout) == (0, b"mounted\n")


def test_without_the_native_library_nothing_is_mounted(
    box: boxer.Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    with pytest.raises(boxer.BoxerError, match="native library"):
        boxer.Box(box.file).run(["true"], mounts=[boxer.Mount(tmp_path, "/data")])


LIMITS = [
    ("time", boxer.Limits(time=0.2), "while True: pass", 137),
    ("cpu", boxer.Limits(cpu=0.2), "while True: pass", 137),
    ("output", boxer.Limits(output=1000), "print('x' * 10**6)", 137),
    ("memory", boxer.Limits(memory="60MB"), "bytearray(10**9)", 1),
    ("files", boxer.Limits(files=50), "[open('/dev/null') for _ in range(99)]", 1),
    ("storage", boxer.Limits(storage="1MB"), "open('/b', 'wb').write(b'x' * 10**7)", 1),
]


@pytest.mark.parametrize(("limit", "limits", "code", "status"), LIMITS, ids=lambda v: str(v)[:10])
def test_the_result_names_the_limit(
    any_box: boxer.Box, limit: str, limits: boxer.Limits, code: str, status: int
) -> None:
    result = python(any_box, f"fs = {code}" if code.startswith("[") else code, limits)
    assert (result.limit, result.exit_code) == (limit, status)


def test_a_program_within_its_limits_names_none(any_box: boxer.Box) -> None:
    assert python(any_box, "x = bytearray(10**7)").limit is None


def test_call_depth_is_pythons_recursion_limit(any_box: boxer.Box) -> None:
    limits = boxer.Limits(call_depth=200)
    assert python(any_box, "import sys; print(sys.getrecursionlimit())", limits).stdout == b"200\n"
    deep = python(any_box, "def f(): f()\nf()", limits)
    assert b"RecursionError" in deep.stderr


def test_output_within_the_limit_is_kept(any_box: boxer.Box) -> None:
    result = python(any_box, "print('x' * 10**6)", boxer.Limits(output=1000))
    assert len(result.stdout) == 1000


def test_usage_is_told(any_box: boxer.Box) -> None:
    usage = python(any_box, "x = sum(range(10**5))").usage
    assert usage.time >= usage.cpu * 0.5 > 0
    assert usage.memory > 10 << 20


def test_signal_handlers_of_the_host_run_during_a_run(any_box: boxer.Box) -> None:
    class Rung(Exception):  # noqa: N818 - a bell, no error
        pass

    def ring(*_: object) -> None:
        raise Rung

    def interrupted() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        python(any_box, "import time; time.sleep(60)")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(Rung):
            interrupted()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_a_program_does_at_its_end_still_happens(any_box: boxer.Box) -> None:
    code = """
import atexit, sys, weakref, threading
class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
atexit.register(print, "atexit")
one = Noisy("global")
cycle = Noisy("cycle"); cycle.me = cycle
weakref.finalize(one, print, "finalize")
unflushed = open("/dev/stdout", "w"); unflushed.write("file\\n")
print("main")
"""
    native = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    ours, theirs = python(any_box, code).stdout.split(b"\n"), native.stdout.split(b"\n")
    assert ours[:3] == theirs[:3] == [b"main", b"finalize", b"atexit"]
    assert sorted(ours) == sorted(theirs)  # finalizers have no order that is promised


def test_a_sleep_takes_its_time(any_box: boxer.Box) -> None:
    began = time.monotonic()
    assert python(any_box, "import time; time.sleep(0.3)").exit_code == 0
    assert time.monotonic() - began >= 0.3


RECURSIONS = {
    "a function": "def f(): f()\nf()",
    "json": "import json; json.loads('[' * 10**5)",
    "repr": "x = []\nfor _ in range(10**5): x = [x]\nrepr(x)",
    "the parser": "compile('(' * 10**4 + ')' * 10**4, '', 'eval')",
    "getattr": "class A:\n    def __getattr__(self, name): return getattr(self, name)\nA().x",
}


@pytest.mark.parametrize("kind", RECURSIONS)
def test_deep_recursion_is_an_error_of_the_program(any_box: boxer.Box, kind: str) -> None:
    result = python(any_box, RECURSIONS[kind])
    assert (result.exit_code, result.crash) == (1, None)
    assert b"Error" in result.stderr


def test_a_thread_with_little_stack_is_refused(any_box: boxer.Box) -> None:
    problems: list[str] = []

    def work() -> None:
        try:
            python(any_box, "def f(): f()\nf()")
        except boxer.BoxerError as error:
            problems.append(error.message)

    before = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert problems == ["The thread has too little stack for a machine."]
