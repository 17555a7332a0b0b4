"""A test hangs by its program's own time, not by that of a machine with more to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.watching import OwnTime, kept_waiting, watched


class Machine:
    """A clock, and how long a program has waited for a processor."""

    seconds = 0.0
    waited = 0.0

    def own_time(self) -> OwnTime:
        return OwnTime(lambda: self.waited, lambda: self.seconds)


def test_time_goes_on_while_a_program_sleeps_or_runs() -> None:
    machine = Machine()
    own = machine.own_time()
    machine.seconds = 10.0
    assert own.now() == 10.0


def test_time_is_slower_while_a_program_is_kept_waiting() -> None:
    machine = Machine()
    own = machine.own_time()
    machine.seconds, machine.waited = 10.0, 6.0
    assert own.now() == 4.0
    machine.seconds = 20.0
    assert own.now() == 14.0


def test_time_never_stands_still() -> None:
    machine = Machine()
    own = machine.own_time()
    machine.seconds, machine.waited = 10.0, 50.0  # of several threads
    assert own.now() == 2.5
    machine.seconds, machine.waited = 20.0, 0.0  # of those that still live
    assert own.now() == 12.5


def test_who_waits_for_a_processor_is_counted() -> None:
    assert kept_waiting(os.getpgrp()) >= 0
    ended = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    ended.wait()
    assert kept_waiting(ended.pid) == 0


def test_a_program_that_says_nothing_hangs(tmp_path: Path) -> None:
    line = [sys.executable, "-c", "import time; print('begin it', flush=True); time.sleep(600)"]
    told = watched(line, 0.5, 100.0, tmp_path, {}, False)
    assert told.hung
    assert told.lines == ["begin it"]
    assert told.seconds >= 0.5
