"""Machines in processes that were forked from one that has used machines, as servers do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from boxer.runtime import mapped

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")

# In a process of its own, which has no threads when it forks.
PROGRAM = """
import os, sys
from boxer.runtime import Limits, run
from tests.runtime.conftest import make_box
from tests.runtime.test_runtime_mappings import SCATTER, STACK, machines, scattered
box = make_box(SCATTER, "args_sizes_get", more=STACK, pages=64)
old = machines(box, 3)
looping = make_box("(loop (br 0))")
assert run(looping, limits=Limits(time=0.05)).limit == "time"
for turns, machine in enumerate(old):  # untouched, learning, armed
    for _ in range(2 * turns):
        assert scattered(machine, 1) == (1, 1)

def use(generation):
    for machine in (*machines(box, 2), *old):
        for turn in (1, 1, 3, 1, 2, 1, 1):
            assert scattered(machine, turn) == (1, 1), (generation, turn)
            assert machine.is_pristine(), (generation, turn)
    copy = old[0].fork()
    assert scattered(copy, 1)[0] == 1
    assert run(looping, limits=Limits(time=0.05)).limit == "time"
    if generation < 3:
        child = os.fork()
        if child == 0:
            use(generation + 1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

use(0)
"""


def test_a_forked_process_puts_its_machines_back(own_cache: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
