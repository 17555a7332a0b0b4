"""A guest is ended from outside wherever it is (native/interrupt.c)."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

import pytest

from boxer.boxfile import Box
from boxer.errors import EngineError
from boxer.runtime import Limits, mapped, run

MakeBox = Callable[..., Box]

# What a guest can spend its time in.
LOOPS = {
    "registers": "(loop (br 0))",
    "memory": "(loop (i32.store (i32.const 8) (i32.load (i32.const 8))) (br 0))",
    "calls": "(loop (call $leaf) (br 0))",
    "nested calls": "(loop (drop (call $deep (i32.const 500))) (br 0))",
    "indirect calls": "(loop (call_indirect (i32.const 0)) (br 0))",
    "the engine's copies": "(loop (memory.copy (i32.const 0) (i32.const 65536) (i32.const 65536))"
    " (br 0))",
    "the engine's growing": "(loop (drop (memory.grow (i32.const 0))) (br 0))",
    "host functions": "(loop (drop (call $sched_yield)) (br 0))",
    "host functions that do little": "(loop (drop (call $fd_fdstat_get (i32.const 1)"
    " (i32.const 128))) (br 0))",
}
MORE = """
(table 1 funcref) (elem (i32.const 0) $leaf)
(func $leaf)
(func $deep (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
    (else (i32.const 0))))
"""

needs_library = pytest.mark.skipif(
    not mapped.is_available(), reason="the native library is not there"
)


@pytest.fixture(params=["mapped", "copied"], autouse=True)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines of the native library, and those of the engine's Python package."""
    if request.param == "copied":
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    elif not mapped.is_available():
        pytest.skip("the native library is not there")


def looping(box: MakeBox, name: str) -> Box:
    return box(LOOPS[name], "sched_yield", "fd_fdstat_get", more=MORE)


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("limit", ["time", "cpu"])
def test_every_loop_ends_at_its_limit(box: MakeBox, name: str, limit: str) -> None:
    made = looping(box, name)
    limits = Limits(time=0.05, cpu=60) if limit == "time" else Limits(time=60, cpu=0.05)
    for _ in range(3):
        result = run(made, limits=limits)
        assert (result.exit_code, result.limit) == (137, limit)


def test_threads_end_at_limits_of_their_own(box: MakeBox) -> None:
    found: list[str | None] = []
    made = [looping(box, name) for name in ("registers", "host functions", "nested calls")]

    def work(number: int) -> None:
        for turn in range(5):
            limits = Limits(time=0.01 + 0.01 * ((number + turn) % 4))
            found.append(run(made[number % 3], limits=limits).limit)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["time"] * 30


def test_a_thread_that_blocks_signals_is_ended_too(box: MakeBox) -> None:
    found: list[str | None] = []

    def work() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        found.append(run(looping(box, "registers"), limits=Limits(time=0.05)).limit)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["time"]


def test_a_signal_handler_runs_while_a_guest_does(box: MakeBox) -> None:
    seen: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    made = looping(box, "registers")
    run(made, limits=Limits(time=0.01))  # compiled: the signal is to come while the guest runs
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert run(made, limits=Limits(time=0.5)).limit == "time"
    finally:
        signal.signal(signal.SIGALRM, before)
    assert seen == [signal.SIGALRM]


@needs_library
def test_a_signal_handler_that_interrupts_a_guest_may_not_run_another(box: MakeBox) -> None:
    problems: list[str] = []
    other = box("")

    def handler(number: int, frame: FrameType | None) -> None:
        try:
            run(other)
        except EngineError as error:
            problems.append(error.message)

    made = looping(box, "registers")
    run(made, limits=Limits(time=0.01))  # compiled: the signal is to come while the guest runs
    before = signal.signal(signal.SIGALRM, handler)
    try:
        while not problems:  # the first one may come before the guest runs
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            assert run(made, limits=Limits(time=0.5)).limit == "time"
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(problems) == 1
    assert "handler of a signal" in problems[0]
    assert run(other).exit_code == 0


# In a process of its own, which has handlers of its own.
HOST = """
import faulthandler, signal, sys
from tests.runtime.conftest import make_box
from boxer.errors import EngineError
from boxer.runtime import Limits, mapped, run
if sys.argv[1] == "copied":
    mapped.is_available = lambda: False
looping, ending = make_box("(loop (br 0))"), make_box("")
def limit():
    return run(looping, limits=Limits(time=0.1)).limit
called = []
def handler(number, frame):
    called.append(number)
print(limit())
"""
# What a host does after the first run.
LATER = {
    "a handler for the last signal": """
for _ in range(3):
    number = next(n for n in range(signal.SIGRTMAX, signal.SIGRTMIN, -1)
                  if signal.getsignal(n) is not handler)
    signal.signal(number, handler)
    print(limit(), signal.getsignal(number) is handler)
signal.raise_signal(number)
print(called == [number])
""",
    "handlers for all of them": """
for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
    signal.signal(number, handler)
for box in (ending, looping):
    try:
        run(box)
    except EngineError as error:
        print(error.message)
signal.signal(signal.SIGRTMIN + 3, signal.SIG_DFL)
print(limit(), called)
""",
}
REFUSED = (
    "No machine can be ended at a limit: every real-time signal of this process has a handler."
)
EXPECTED = {
    "a handler for the last signal": ["time", *["time True"] * 3, "True"],
    "handlers for all of them": ["time", REFUSED, REFUSED, "time []"],
}


@needs_library
@pytest.mark.parametrize("name", LATER)
def test_a_handler_of_the_hosts_stays_its_own(
    name: str, request: pytest.FixtureRequest, own_cache: object
) -> None:
    kind = request.node.callspec.params["kind"]
    done = subprocess.run(
        [sys.executable, "-c", HOST + LATER[name], kind],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == EXPECTED[name], done.stderr


FAULTS = """
import faulthandler, sys
from tests.runtime.test_runtime_mappings import SCATTER, STACK, machines, scattered
from tests.runtime.conftest import make_box
made = machines(make_box(SCATTER, "args_sizes_get", more=STACK, pages=1024), 2)
for machine in made:
    for _ in range(4):
        assert scattered(machine, 1) == (1, 1)
faulthandler.enable()
for turn in (2, 1, 40, 1, 2, 2, 2):
    for machine in made:
        assert scattered(machine, turn) == (1, 1)
        assert machine.is_pristine()
faulthandler.disable()
for turn in (2, 1, 40, 1, 2, 2, 2):
    for machine in made:
        assert scattered(machine, turn) == (1, 1)
        assert machine.is_pristine()
"""


@needs_library
def test_a_later_handler_of_faults_meets_none_of_ours(own_cache: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


FORWARDING = """
import ctypes, signal
from boxer.runtime import native
library, block = native.library(), ctypes.create_string_buffer(4096)
called = []
signal.signal(signal.SIGTERM, lambda number, frame: called.append("before"))
library.boxer_signals_begin(ctypes.addressof(block), 4096, 64, -1)
signal.signal(signal.SIGUSR1, lambda number, frame: called.append("meanwhile"))
library.boxer_signals_end()
signal.raise_signal(signal.SIGTERM)
signal.raise_signal(signal.SIGUSR1)
print(called)
"""


@needs_library
def test_a_handler_set_while_signals_are_forwarded_stays() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORWARDING], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout == "['before', 'meanwhile']\n", done.stderr


TRAPS = """
import ctypes, faulthandler, sys
from tests.runtime.conftest import make_box
from boxer.runtime import Limits, mapped, run
if sys.argv[1] == "copied":
    mapped.is_available = lambda: False
boxes = [make_box(body) for body in (
    "unreachable", "(i32.store (i32.const -1) (i32.const 1))",
    "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 60000))))", "(loop (br 0))",
)]
def results():
    return [run(box, limits=Limits(time=0.1)).exit_code for box in boxes]
print(results() if sys.argv[2] == "warm" else run(make_box("")).exit_code)
for turn in range(3):
    faulthandler.enable()
    print(results())
    faulthandler.disable()
    print(results())
faulthandler.enable()
print(results(), flush=True)
ctypes.string_at(0)
"""


@needs_library
@pytest.mark.parametrize("start", ["warm", "cold"])
def test_a_guest_that_traps_ends_no_host_with_handlers_of_its_own(
    start: str, request: pytest.FixtureRequest, own_cache: object
) -> None:
    kind = request.node.callspec.params["kind"]
    done = subprocess.run(
        [sys.executable, "-c", TRAPS, kind, start],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    first, *others = done.stdout.splitlines()
    expected = "[134, 139, 136, 137]"
    assert first == (expected if start == "warm" else "0"), done.stderr
    assert others == [expected] * 7, done.stderr
    # The host's own fault is its handler's.
    assert "Fatal Python error: Segmentation fault" in done.stderr
    assert done.returncode == -11
