"""Machines leave each other the mappings that a process has (native/tracking.c, native/fork.c)."""

from __future__ import annotations

import random
import threading
from ctypes import byref
from pathlib import Path

import pytest

from boxer.boxfile import Box
from boxer.runtime import Frozen, Limits, RunOptions, mapped
from boxer.runtime.mapped import MappedInstance, prepared
from tests.runtime.conftest import make_box

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")

PAGES = 1024  # 64 MiB
STEP = 8192  # every other page of the host: each of them a mapping of its own
# Writes to as many pages as 100 times the arguments, adds one to a counter and exits with it.
SCATTER = f"""
(local $i i32) (local $n i32)
(drop (call $args_sizes_get (i32.const 32) (i32.const 36)))
(local.set $n (i32.mul (i32.const 100) (i32.sub (i32.load (i32.const 32)) (i32.const 1))))
(loop
  (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const {STEP})))
    (i32.add (i32.const 1) (i32.load (i32.add (i32.const 65536)
      (i32.mul (local.get $i) (i32.const {STEP}))))))
  (local.set $i (i32.add (local.get $i) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $i) (local.get $n))))
(call $proc_exit (i32.load (i32.const 65536)))
"""
STACK = '(global (export "__stack_pointer") (mut i32) (i32.const 1024))'


@pytest.fixture(scope="module")
def scatter() -> Box:
    return make_box(SCATTER, "args_sizes_get", more=STACK, pages=PAGES)


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


def private_pages() -> int:
    """Of 4 KiB, that this process shares with nobody and no file."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(rollup.partition("\nAnonymous:")[2].split()[0]) // 4


def most() -> int:
    return int(Path("/proc/sys/vm/max_map_count").read_text())


def machines(box: Box, count: int) -> list[MappedInstance]:
    frozen = Frozen.of(box)
    assert frozen.resettable
    made = [frozen.machine(1 << 30) for _ in range(count)]
    return [machine for machine in made if isinstance(machine, MappedInstance)]


def scattered(machine: MappedInstance, hundreds: int) -> tuple[int, int]:
    """The counter and whether the machine may be used again."""
    arguments = (b"box", *(b"x",) * hundreds)
    outcome = machine.serve(byref(prepared(RunOptions(Limits(), arguments))), None)
    return int(outcome.status), int(outcome.reusable)


def test_machines_that_write_everywhere_end_rightly(scatter: Box) -> None:
    made = machines(scatter, 6)
    for machine in made:
        for _ in range(3):
            assert scattered(machine, 1) == (1, 1)
    found: list[tuple[int, int]] = []
    threads = [
        threading.Thread(target=lambda one=machine: found.append(scattered(one, 80)))
        for machine in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(1, 1)] * 6
    assert all(machine.is_pristine() for machine in made)
    for turn in (1, 80, 2, 1, 1, 1, 3):
        assert [scattered(machine, turn) for machine in made] == [(1, 1)] * 6
        assert all(machine.is_pristine() for machine in made)


def test_many_machines_keep_to_a_part_of_the_mappings(scatter: Box) -> None:
    before = mappings()
    made = machines(scatter, 80)
    for turn in (2, 2, 2, 1, 40, 2, 2, 2):
        assert [scattered(machine, turn) for machine in made] == [(1, 1)] * len(made)
        assert mappings() - before < most() / 4 + 8 * len(made)
    assert all(machine.is_pristine() for machine in made)
    for machine in made:
        machine.close()
    assert mappings() - before < 100


def test_forks_of_forks_keep_to_few_mappings(scatter: Box) -> None:
    before = mappings()
    line = machines(scatter, 1)
    for generation in range(60):
        # Each run leaves what it has counted, in pages of other lengths each time.
        line[-1].run(RunOptions(Limits(), (b"box", *(b"x",) * (1 + generation % 7))))
        line.append(line[-1].fork())
    assert mappings() - before < 200 * len(line)
    assert [scattered(machine, 1)[0] for machine in line] == [*range(2, 62), 61]


def test_whatever_is_written_how_often_is_put_back(scatter: Box) -> None:
    machine, draw = machines(scatter, 1)[0], random.Random(1)
    for size in (1, 3, 30, 80, 1, 2, 50, 1):  # from few pages to all, and back for many calls
        for _ in range(40):
            assert scattered(machine, max(1, size + draw.randrange(-1, 1))) == (1, 1)
            assert machine.is_pristine()


def test_pages_that_calls_no_longer_write_to_are_given_back(scatter: Box) -> None:
    machine = machines(scatter, 1)[0]
    for _ in range(5):
        assert scattered(machine, 30) == (1, 1)
    assert machine.native_outcome.dirty_pages >= 3000
    for _ in range(300):  # one reset in 16 looks, and 8 looks decide
        assert scattered(machine, 1) == (1, 1)
    assert machine.native_outcome.dirty_pages < 200
    assert machine.is_pristine()


def test_all_machines_together_keep_a_bounded_number_of_pages(scatter: Box) -> None:
    made = machines(scatter, 40)
    before = private_pages()
    for machine in made:
        for _ in range(4):
            assert scattered(machine, 60) == (1, 1)
    # ALL_KEPT and FEWEST_KEPT (native/tracking.c); the rest is other memory of the process.
    assert 20_000 < private_pages() - before < 65_536 + len(made) * 256 + 5_000
    assert all(machine.is_pristine() for machine in made)
