"""A program that says its tests' outcomes as they come, watched: no test takes the others with it.

Belongs here: starting it, its time limits, ending it, going on behind a test that did not end. Does
not: which program, what outcomes mean (`outcomes`).

Invariants: every program runs in a session of its own and is gone when `watched` returns, with all
it started. A test that hangs or ends the program is the last that was begun; the next run begins
behind it, so each test is begun at most once. Patience is counted in the program's own time
(`OwnTime`): that it was kept waiting for a processor is nobody's hang.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.outcomes import Outcome, read_lines

# How often a module is gone on with behind a test that did not end.
MOST_BREAKS = 40
# Seconds to the first line: tests are imported before one is begun.
IMPORT = 180.0
# Between two looks at a program's own time.
STEP = 0.2
# After a signal, for the traceback.
GRACE = 3.0
LAST_LINES = 12
FRAMES = 5
THREAD = re.compile(r"(Current t|T)hread 0x")
FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')


class OwnTime:
    """Seconds as a program has them: slower while its threads wait for a processor, on a machine
    with more to do. Never slower than a quarter: what hangs is found at last.

    kept_waiting: for how long its threads have waited so far, together.
    """

    def __init__(
        self, kept_waiting: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept_waiting, self._clock = kept_waiting, clock
        self._waited, self._last, self._own = kept_waiting(), clock(), 0.0

    def now(self) -> float:
        passed, waited = self._clock() - self._last, self._waited
        if passed < STEP:
            return self._own
        self._last += passed
        self._waited = self._kept_waiting()
        self._own += max(passed - max(self._waited - waited, 0), passed / 4)
        return self._own


@dataclass(frozen=True)
class Patience:
    """test: seconds from one line to the next. module: seconds in all."""

    test: float = 30.0
    module: float = 480.0


@dataclass
class Told:
    """What a program said. ending: why it is no more. hung: it was ended here. seconds: of its
    own time.
    """

    lines: list[str] = field(default_factory=list)
    ending: str = ""
    hung: bool = False
    errors: str = ""
    seconds: float = 0.0


def tests_of(
    module: str,
    command: Callable[[str], Sequence[str]],
    patience: Patience,
    folder: Path,
    environment: dict[str, str],
    live: bool,
) -> Outcome:
    """Runs a module to its end, however many of its tests have none.

    command: what runs the tests behind the named one, all for "". folder: where it runs. live: what
    it says on standard error is seen as it comes.
    """
    outcome, behind = Outcome(module), ""
    began, left = time.monotonic(), patience.module
    for _ in range(MOST_BREAKS):
        told = watched(command(behind), patience.test, left, folder, environment, live)
        left -= told.seconds
        running, done = read_lines(outcome, told.lines)
        if done:
            break
        detail = f"{told.ending}: {told.errors}"
        if not running or running == behind or told.ending == "time of the module":
            outcome.ended = f"{detail} in {running or 'its import'}"
            break
        (outcome.hung if told.hung else outcome.failed).setdefault(running, detail)
        behind = running
    else:
        outcome.ended = f"{MOST_BREAKS} tests that did not end"
    outcome.passed -= outcome.failed.keys() | outcome.hung.keys()
    outcome.seconds = time.monotonic() - began
    return outcome


def watched(
    argv: Sequence[str],
    silence: float,
    seconds: float,
    folder: Path,
    environment: dict[str, str],
    live: bool,
) -> Told:
    """Runs a program until it ends, says nothing for `silence` seconds, or `seconds` are over."""
    told = Told()
    errors = folder / f"stderr-{time.monotonic_ns()}"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if live else stderr,
            start_new_session=True,
        )
    try:
        _listen(process, told, silence, seconds)
    finally:
        _end(process)
    status = process.returncode
    told.ending = told.ending or (f"signal {-status}" if status < 0 else f"status {status}")
    told.errors = last_words(errors.read_text("utf-8", "replace").strip().splitlines())
    errors.unlink()
    return told


def last_words(lines: list[str]) -> str:
    """The stacks of threads that it ended with, a line each; without any, its last lines."""
    starts = [i for i, line in enumerate(lines) if THREAD.match(line)]
    if not starts:
        return "\n".join(lines[-LAST_LINES:])
    ends = [*starts[1:], len(lines)]
    return "\n".join(_stack(lines[start:end]) for start, end in zip(starts, ends, strict=True))


def _stack(lines: list[str]) -> str:
    """One thread's, as `faulthandler` prints it, innermost first and without the test's runner."""
    frames = [match for line in lines if (match := FRAME.match(line))]
    kept = [frame for frame in frames if "/unittest/" not in frame[1]][:FRAMES]
    places = [f"{Path(frame[1]).name}:{frame[2]} {frame[3]}" for frame in kept]
    return f"{lines[0].partition(' (')[0]}: {' < '.join(places)}"


def kept_waiting(group: int) -> float:
    """Seconds that the living threads of a process group have waited for a processor; 0.0 where
    the kernel does not tell (proc(5), /proc/PID/schedstat)."""
    nanoseconds = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(process.name)) == group:
                for task in process.glob("task/*/schedstat"):
                    nanoseconds += int(task.read_text().split()[1])
    return nanoseconds / 1e9


def _listen(process: subprocess.Popen[bytes], told: Told, silence: float, until: float) -> None:
    """Reads until the end of its output, or to the end of patience; says which."""
    assert process.stdout is not None
    descriptor, rest = process.stdout.fileno(), b""
    own, heard = OwnTime(lambda: kept_waiting(process.pid)), 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            now = told.seconds = own.now()
            allowed = silence if told.lines else max(silence, IMPORT)
            patience = min(heard + allowed, until) - now
            if patience <= 0:
                told.hung = True
                told.ending = "hung" if now < until else "time of the module"
                break
            if not selector.select(min(patience, 0.2)):
                # A child that outlives it may hold the pipe.
                if process.poll() is not None:
                    break
                continue
            data = os.read(descriptor, 1 << 16)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            told.lines += [line.decode("ascii", "replace") for line in whole]
            if whole:
                heard = now
    if told.hung:
        # The tests' setup has SIGUSR1 print the stacks of all threads, and end it.
        for number in (signal.SIGUSR1, signal.SIGINT):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                process.send_signal(number)
                process.wait(GRACE)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends what it started too: all that is in its session's group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
