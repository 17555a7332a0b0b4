"""Tasks of a guest on native stacks of their own (native/fiber.c, native/slots.c)."""

from __future__ import annotations

import os
import random
import re
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from boxer.boxfile import Box
from boxer.runtime import Frozen, Limits, Pool, mapped, run
from tests.runtime.fibers import FREE, tasks_box

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")
EAGAIN, EINVAL, ENOSYS = -11, -22, -38

# Fiber 0 and fiber 1 count in turns, $rounds times each.
PING = """
  (local $i i32)
  (loop $again
    (call $expect (call $switch (i32.const 1)) (i32.const 0) (i32.const 2))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (call $expect (i32.load (i32.const 1024)) (local.get $i) (i32.const 3))
    (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
"""
PONG = """
  (call $expect (local.get $id) (i32.const 1) (i32.const 4))
  (loop $again
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1)))
    (call $expect (call $switch (i32.const 0)) (i32.const 0) (i32.const 5))
    (br $again))
"""


def test_two_tasks_take_turns() -> None:
    result = run(tasks_box(PING + "(call $proc_exit (i32.const 42))", PONG))
    assert (result.exit_code, result.crash) == (42, None)


def test_a_machine_without_native_library_leaves_the_slots_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    start = """
      (call $expect (call $switch (i32.const 1)) (i32.const -38) (i32.const 2))
      (call $proc_exit (i32.const 42))
    """
    assert run(tasks_box(start, "")).exit_code == 42


# Each task calls itself as deep as the order says, gives way in the middle, and adds up what it has
# kept in its frames.
DEEP = """
(func $next (result i32) (local $at i32)
  (local.set $at (i32.load (i32.const 1024)))
  (i32.store (i32.const 1024) (i32.add (local.get $at) (i32.const 1)))
  (i32.load8_u (i32.add (i32.const 2048) (local.get $at))))
(func $deep (param $id i32) (param $depth i32) (param $kept i64) (result i64)
  (if (result i64) (local.get $depth)
    (then
      (i64.add (local.get $kept)
        (call $deep (local.get $id) (i32.sub (local.get $depth) (i32.const 1))
          (i64.add (local.get $kept) (i64.extend_i32_u (local.get $id))))))
    (else
      (call $expect (call $switch (call $next)) (i32.const 0) (i32.const 2))
      (local.get $kept))))
(func $turns (param $id i32) (local $depth i32)
  (loop $again
    (local.set $depth (i32.rem_u (i32.mul (i32.load (i32.const 1024)) (i32.const 7))
      (i32.const 90)))
    (call $expect
      (i32.wrap_i64 (call $deep (local.get $id) (local.get $depth) (i64.const 0)))
      (i32.div_u (i32.mul (local.get $id)
        (i32.mul (local.get $depth) (i32.add (local.get $depth) (i32.const 1)))) (i32.const 2))
      (i32.const 3))
    (br_if $again (i32.lt_u (i32.load (i32.const 1024)) (i32.const 20000))))
  (call $proc_exit (i32.const 42)))
"""


def test_tasks_in_any_order_keep_their_frames() -> None:
    chance = random.Random(1)
    order = bytes(chance.randrange(64) for _ in range(40000))
    image = bytes(1024) + order
    made = tasks_box(
        "(call $turns (i32.const 0))", "(call $turns (local.get $id))", more=DEEP, image=image
    )
    assert run(made).exit_code == 42


ENDLESS = "(func $down (param i32) (result i32) (i32.add (call $down (local.get 0)) (local.get 0)))"


@pytest.mark.parametrize("fiber", [0, 1])
def test_recursion_without_end_is_a_stack_overflow_on_every_fiber(fiber: int) -> None:
    over = "(drop (call $down (i32.const 1)))"
    on_one = "(drop (call $switch (i32.const 1)))"
    begin = "(drop (call $switch (i32.const 0)))" if fiber == 0 else over
    made = tasks_box(on_one + over, begin, more=ENDLESS)
    result = run(made)
    assert (result.exit_code, result.limit) == (134, "call_depth")


def depth_of(made: Box) -> int:
    """How deep it came, which it keeps at FREE."""
    result = run(made)
    assert result.limit == "call_depth"
    (depth,) = struct.unpack("<I", result.stdout[-4:])
    return int(depth)


def test_a_task_may_be_as_deep_as_fiber_zero() -> None:
    more = """
    (func $deeper (param i32) (result i32)
      (i32.store (i32.const 1024) (local.get 0))
      (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 1000)))
        (then (drop (call $say (i32.const 1024) (i32.const 4) (i32.const 1)))))
      (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
    """
    deep = "(drop (call $deeper (i32.const 0)))"
    first = depth_of(tasks_box(deep, "", more=more))
    other = depth_of(tasks_box("(drop (call $switch (i32.const 1)))", deep, more=more))
    assert abs(first - other) <= 1000


TRAPS = {
    "unreachable": ("(unreachable)", 134),
    "memory": ("(drop (i32.load (i32.const -4)))", 139),
    "division": ("(drop (i32.div_u (i32.const 1) (i32.load (i32.const 4096))))", 136),
    "table": ("(call_indirect (i32.const 700))", 139),
    "a null function": ("(call_indirect (i32.const 0))", 139),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_on_any_fiber_ends_the_run_as_on_the_first(trap: str) -> None:
    code, status = TRAPS[trap]
    alone = run(tasks_box(code, ""))
    # Fiber 2 gave way to 3, which traps deep in its calls.
    start = "(drop (call $switch (i32.const 1)))"
    begin = f"""
      (if (i32.lt_u (local.get $id) (i32.const 3))
        (then (drop (call $switch (i32.add (local.get $id) (i32.const 1))))))
      {code}
    """
    other = run(tasks_box(start, begin))
    assert alone.exit_code == status
    assert (other.exit_code, other.crash, other.limit) == (
        alone.exit_code,
        alone.crash,
        alone.limit,
    )


def test_exit_on_any_fiber_ends_the_run() -> None:
    start = "(drop (call $switch (i32.const 7)))"
    assert run(tasks_box(start, "(call $proc_exit (i32.const 9))")).exit_code == 9


def test_a_first_function_that_returns_ends_the_run() -> None:
    result = run(tasks_box("(drop (call $switch (i32.const 1)))", ""))
    assert result.exit_code == 134
    assert result.crash is not None
    assert "first function has returned" in result.crash


def test_fiber_zero_may_return_while_others_are_there() -> None:
    start = "(drop (call $switch (i32.const 1)))"
    assert run(tasks_box(start, "(drop (call $switch (i32.const 0)))")).exit_code == 0


SPINS = {
    "registers": "(loop (br 0))",
    "calls": "(loop (call $leaf) (br 0))",
    "copies": "(loop (memory.copy (i32.const 0) (i32.const 65536) (i32.const 65536)) (br 0))",
    "host functions": "(loop (drop (call $sched_yield)) (br 0))",
    "switches": "(loop (drop (call $switch (i32.sub (i32.const 3) (local.get $id)))) (br 0))",
    "refused switches": "(loop (drop (call $switch (i32.const 9999))) (br 0))",
}


@pytest.mark.parametrize("spin", SPINS)
@pytest.mark.parametrize("limit", ["time", "cpu"])
def test_limits_end_whichever_fiber_runs(spin: str, limit: str) -> None:
    start = "(drop (call $switch (i32.const 1)))"
    made = tasks_box(start, SPINS[spin], "sched_yield", more="(func $leaf)")
    limits = Limits(time=0.05, cpu=60) if limit == "time" else Limits(time=60, cpu=0.05)
    for _ in range(3):
        result = run(made, limits=limits)
        assert (result.exit_code, result.limit) == (137, limit)


def test_a_wait_on_a_fiber_ends_at_the_limit() -> None:
    # A clock, for ever.
    subscription = struct.pack("<QB7xI4xQQH6x", 0, 0, 1, 1 << 60, 0, 0)
    begin = """(drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1)
      (i32.const 3072)))"""
    start = "(drop (call $switch (i32.const 1)))"
    made = tasks_box(start, begin, "poll_oneoff", image=subscription)
    assert run(made, limits=Limits(time=0.1)).limit == "time"


def test_output_on_a_fiber_counts() -> None:
    start = "(drop (call $switch (i32.const 1)))"
    begin = "(loop (drop (call $say (i32.const 64) (i32.const 64) (i32.const 1))) (br 0))"
    result = run(tasks_box(start, begin), limits=Limits(output=1000))
    assert (result.limit, len(result.stdout)) == ("output", 1000)


def test_handlers_of_the_hosts_signals_run_on_the_threads_own_stack() -> None:
    seen: list[int] = []

    def deeper(depth: int) -> int:
        return depth and deeper(depth - 1) + 1

    def handler(number: int, frame: FrameType | None) -> None:
        seen.append(deeper(500))
        assert re.fullmatch(r"(a|b)*c", "ab" * 500 + "c")

    made = tasks_box("(drop (call $switch (i32.const 1)))", "(loop (br 0))")
    run(made, limits=Limits(time=0.01))
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert run(made, limits=Limits(time=0.5)).limit == "time"
    finally:
        signal.signal(signal.SIGALRM, before)
    assert seen == [500]


def test_what_a_handler_raises_ends_a_run_on_a_fiber() -> None:
    def handler(number: int, frame: FrameType | None) -> None:
        raise KeyError("enough")

    made = tasks_box("(drop (call $switch (i32.const 1)))", "(loop (br 0))")

    def interrupted() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        run(made)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(KeyError, match="enough"):
            interrupted()
    finally:
        signal.signal(signal.SIGALRM, before)


# The answers of a list of calls: (slot, three arguments), made by fiber 0.
def answers(
    calls: list[tuple[int, int, int, int]], begin: str, limits: Limits | None = None
) -> list[int]:
    start = """
      (local $at i32) (local $count i32)
      (local.set $count (i32.load (i32.const 1024)))
      (loop $again
        (local.set $at
          (i32.add (i32.const 1040) (i32.mul (i32.load (i32.const 1028)) (i32.const 16))))
        (i32.store (local.get $at)
          (if (result i32) (i32.le_u (i32.load (local.get $at)) (i32.const 2))
            (then (call_indirect (type $three) (i32.load offset=4 (local.get $at))
              (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
              (i32.load (local.get $at))))
            (else (call_indirect (type $two) (i32.load offset=4 (local.get $at))
              (i32.load offset=8 (local.get $at)) (i32.load (local.get $at))))))
        (drop (call $say (local.get $at) (i32.const 4) (i32.const 1)))
        (i32.store (i32.const 1028) (i32.add (i32.load (i32.const 1028)) (i32.const 1)))
        (br_if $again (i32.lt_u (i32.load (i32.const 1028)) (local.get $count))))
    """
    words = [len(calls), 0, 0, 0, *(word & 0xFFFFFFFF for call in calls for word in call)]
    image = struct.pack(f"<{len(words)}I", *words)
    result = run(tasks_box(start, begin, image=image), limits=limits)
    assert (result.exit_code, result.crash) == (0, None)
    return list(struct.unpack(f"<{len(result.stdout) // 4}i", result.stdout))


BACK = "(loop (drop (call $switch (i32.const 0))) (br 0))"


def test_ids_are_checked() -> None:
    calls = [
        (1, 64, 0, 0), (1, -1, 0, 0), (1, 1 << 31, 0, 0), (1, 0, 0, 0), (1, 63, 0, 0),
        (3, 0, 0, 0), (3, 5, 0, 0), (3, 63, 0, 0), (3, 63, 0, 0), (3, -1, 0, 0), (3, -2, 0, 0),
        (1, 63, 0, 0), (1, 63, 0, 0), (2, 63, 0, 0), (2, 65536, 0, 0), (2, 0, 0, 0), (2, -1, 0, 0),
    ]  # fmt: skip
    assert answers(calls, BACK) == [
        EINVAL, EINVAL, EINVAL, 0, 0,
        EINVAL, EINVAL, 0, EINVAL, 0, EINVAL,
        0, 0, EINVAL, EINVAL, EINVAL, EINVAL,
    ]  # fmt: skip


def test_the_limit_of_tasks_is_told_and_kept() -> None:
    calls = [(1, 4, 0, 0), (1, 5, 0, 0)]
    assert answers(calls, BACK, Limits(tasks=5)) == [0, EINVAL]
    said = tasks_box("(drop (call $say (i32.const 80) (i32.const 4) (i32.const 1)))", "")
    assert run(said, limits=Limits(tasks=5)).stdout == struct.pack("<I", 5)
    assert run(said).stdout == bytes(4)  # the default is the kernel's own


def test_copies_of_fibers_stay_below_the_limit_of_memory() -> None:
    calls = [(2, 64 + n, 0, 0) for n in range(2000)]
    made = answers(calls, BACK, Limits(memory="1MiB"))
    count = made.index(EAGAIN)
    assert made == [0] * count + [EAGAIN] * (2000 - count)
    assert 40 < count < 250
    # What is dropped makes room.
    calls = [call for n in range(2000) for call in ((2, 64, 0, 0), (3, 64, 0, 0))]
    assert set(answers(calls, BACK, Limits(memory="1MiB"))) == {0}


def test_a_stack_whose_copies_live_on_counts_as_a_task() -> None:
    leave_a_copy = """
      (i32.store (i32.const 1032) (i32.add (i32.load (i32.const 1032)) (i32.const 1)))
      (drop (call $fork (i32.add (i32.const 100) (i32.load (i32.const 1032)))
        (i32.const 0) (i32.const 0)))
    """
    calls = [(1, 1, 0, 0), (3, 1, 0, 0)] * 3 + [(3, 101, 0, 0), (1, 1, 0, 0)]
    assert answers(calls, leave_a_copy + BACK, Limits(tasks=3)) == [
        0, 0, 0, 0, EAGAIN, EINVAL, 0, 0,
    ]  # fmt: skip


def test_a_hostile_guest_may_call_in_any_order() -> None:
    chance = random.Random(2)
    for _ in range(30):
        calls = []
        for _ in range(200):
            slot = chance.randrange(1, 5)
            words = [
                chance.choice((0, 1, 2, 3, 63, 64, -1, 1 << 30, chance.randrange(1 << 32), FREE))
                for _ in range(3)
            ]
            calls.append((slot, words[0], words[1], words[2]))
        found = answers(calls, BACK)
        assert found
        assert all(-200 < answer <= 1 for answer in found)


def test_copies_of_fibers_are_gone_on_with() -> None:
    # A copy of fiber 0, and of a copy; each counts in its own frames.
    start = """
      (local $mine i32) (local $answer i32)
      (local.set $mine (i32.const 10))
      (local.set $answer (call $fork (i32.const 1) (i32.const 0) (i32.const 0)))
      (local.set $mine (i32.add (local.get $mine) (local.get $answer)))
      (if (local.get $answer)
        (then
          (call $expect (local.get $mine) (i32.const 11) (i32.const 2))
          (call $expect (call $fork (i32.const 2) (i32.const 0) (i32.const 0)) (i32.const 0)
            (i32.const 3))
          (i32.store (i32.const 1024) (i32.const 5))
          (loop $again (drop (call $switch (i32.const 0))) (br $again))))
      (call $expect (local.get $mine) (i32.const 10) (i32.const 4))
      (call $expect (call $switch (i32.const 1)) (i32.const 0) (i32.const 5))
      (call $expect (i32.load (i32.const 1024)) (i32.const 5) (i32.const 6))
      (call $expect (local.get $mine) (i32.const 10) (i32.const 7))
      (call $expect (call $drop (i32.const 1) (i32.const 0)) (i32.const 0) (i32.const 8))
      (call $proc_exit (i32.const 42))
    """
    assert run(tasks_box(start, "")).exit_code == 42


# What the copy of a fiber does; $answer is 1 in it. Fiber 1 forks fiber 2, or fiber 0 fiber 1.
COPIES = {
    "exits": ("(call $proc_exit (i32.const 9))", 9, None),
    "traps": ("(unreachable)", 134, None),
    "runs over": ("(drop (call $down (i32.const 1)))", 134, "call_depth"),
    "spins": ("(loop (br 0))", 137, "time"),
    "drops its origin and traps": (
        "(drop (call $drop (local.get $origin) (i32.const 0))) (unreachable)", 134, None,
    ),
    "drops its origin and returns": (
        "(drop (call $drop (local.get $origin) (i32.const 0))) (return)", None, None,
    ),
    "drops all and lets a new one exit": (
        """(drop (call $drop (local.get $origin) (i32.const 0)))
        (drop (call $drop (i32.const 0) (i32.const 0))) (drop (call $switch (i32.const 9)))""",
        7, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", COPIES)
@pytest.mark.parametrize("origin", [0, 1])
def test_a_copy_ends_the_run_as_any_fiber(what: str, origin: int) -> None:
    code, status, limit = COPIES[what]
    forking = f"""
      (local $answer i32) (local $origin i32)
      (local.set $origin (i32.const {origin}))
      (local.set $answer (call $fork (i32.const {origin + 1}) (i32.const 0) (i32.const 0)))
      (if (local.get $answer) (then {code}))
      (call $expect (call $switch (i32.const {origin + 1})) (i32.const 0) (i32.const 3))
      (unreachable)
    """
    others = "(if (i32.eq (local.get $id) (i32.const 9)) (then (call $proc_exit (i32.const 7))))"
    if origin == 0:
        made = tasks_box(forking, others, more=ENDLESS)
    else:
        locals_, rest = forking.strip().split("\n", 1)
        start = "(drop (call $switch (i32.const 1))) (unreachable)"
        made = tasks_box(start, locals_ + others + rest, more=ENDLESS)
    result = run(made, limits=Limits(time=0.3 if limit else 60))
    if status is None:
        status = 0 if origin == 0 else 134  # a first function that returns is the guest's mistake
    assert (result.exit_code, result.limit) == (status, limit)


def test_machines_in_several_threads_have_fibers_of_their_own() -> None:
    chance = random.Random(3)
    image = bytes(1024) + bytes(chance.randrange(64) for _ in range(40000))
    turns = tasks_box(
        "(call $turns (i32.const 0))", "(call $turns (local.get $id))", more=DEEP, image=image
    )
    spins = tasks_box("(drop (call $switch (i32.const 1)))", "(loop (br 0))")
    found: list[tuple[int, str | None]] = []

    def work(number: int) -> None:
        for _ in range(5):
            result = run(turns) if number % 2 else run(spins, limits=Limits(time=0.02))
            found.append((result.exit_code, result.limit))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [(137, "time")] * 15 + [(42, None)] * 15


# Every way a run with eight fibers ends, in one process.
LEAKS = """
import resource, struct, sys
from boxer.runtime import Frozen, Pool
from tests.runtime.fibers import tasks_box

def mappings():
    return len(open("/proc/self/maps").readlines())

def resident():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize()

start = '''
  (local $n i32)
  (drop (call $fork (i32.const 20) (i32.const 0) (i32.const 0)))
  (loop $again
    (drop (call $switch (local.tee $n (i32.add (local.get $n) (i32.const 1)))))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 8))))
'''
begin = '''
  (drop (call $deep (i32.const 300)))
  (drop (call $fork (i32.add (local.get $id) (i32.const 20)) (i32.const 0) (i32.const 0)))
  (if (i32.eq (local.get $id) (i32.const 8)) (then ENDING))
  (drop (call $switch (i32.const 0)))
'''
more = '''(func $deep (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
    (else (i32.const 0))))'''
def pool(ending):
    return Pool(Frozen.of(tasks_box(start, begin.replace("ENDING", ending), more=more)), 1)

exiting, wild = "(call $proc_exit (i32.const 3))", "(drop (i32.load (i32.const -1)))"
pools = [pool(ending) for ending in ("(unreachable)", exiting, "", wild)]
want = [134, 3, 0, 139]
for turn in range(int(sys.argv[1])):
    assert pools[turn % 4].run([]).exit_code == want[turn % 4]
    if turn == 400:
        before = mappings(), resident()
after = mappings(), resident()
assert after[0] - before[0] < 20, (before, after)
assert after[1] - before[1] < 4 << 20, (before, after)
"""


def test_ten_thousand_runs_leak_neither_memory_nor_stacks(tmp_path: Path) -> None:
    code = LEAKS
    done = subprocess.run(
        [sys.executable, "-c", code, "10000"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# block.others, tick_us, watched, offset, bits.
TICKING = """
  (i32.store offset=20 (i32.const 64) (i32.const 0))
  (i32.store offset=24 (i32.const 64) (i32.const 1))
  (i32.store offset=28 (i32.const 64) (i32.const 1000))
  (i32.store offset=32 (i32.const 64) (i32.const 1024))
  (i32.store offset=36 (i32.const 64) (i32.const 100))
  (i32.store offset=40 (i32.const 64) (i32.const 6))
  (i32.store (i32.const 1024) (i32.const 2000))
  (i32.store (i32.const 2100) (i32.const 1))
"""


@pytest.mark.parametrize("fiber", [0, 1])
def test_a_tick_reaches_a_guest_that_only_computes(fiber: int) -> None:
    spin = """
      (loop $again (br_if $again (i32.eqz (i32.load offset=20 (i32.const 64)))))
      (call $expect (i32.load (i32.const 2100)) (i32.const 7) (i32.const 2))
      (call $proc_exit (i32.const 42))
    """
    start = TICKING + "(drop (call $switch (i32.const 1)))" + spin
    begin = spin if fiber else BACK
    assert run(tasks_box(start, begin), limits=Limits(time=20)).exit_code == 42


def test_no_tick_comes_while_nobody_wants_a_turn() -> None:
    # Long enough for a hundred ticks by the guest's clock; `others` stays 0.
    start = """
      (drop (call $switch (i32.const 1)))
      (i32.store offset=28 (i32.const 64) (i32.const 1000))
      (loop $again
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 1024)))
        (br_if $again (i64.lt_u (i64.load (i32.const 1024)) (i64.const 100000000))))
      (call $expect (i32.load offset=20 (i32.const 64)) (i32.const 0) (i32.const 2))
      (call $proc_exit (i32.const 42))
    """
    assert run(tasks_box(start, BACK, "clock_time_get")).exit_code == 42


HOSTILE_TICKS = [
    (0xFFFFFFFC, 0, 0), (0xFFFFFFFE, 0, 0), (0xFFFFFFFF, 0xFFFFFFFF, 0), (1024, 0xFFFFFFFF, 2000),
    (1024, 0xFFFFF000, 0xFFF), (1024, 131072, 4), (1024, 100, 131071 - 100), (1023, 5, 0xFFFFFFFF),
]  # fmt: skip


@pytest.mark.parametrize(("watched", "offset", "word"), HOSTILE_TICKS)
def test_addresses_of_a_tick_are_checked(watched: int, offset: int, word: int) -> None:
    start = (
        TICKING
        + f"""
      (i32.store offset=32 (i32.const 64) (i32.const {watched}))
      (i32.store offset=36 (i32.const 64) (i32.const {offset}))
      (i32.store (i32.const 1024) (i32.const {word}))
      (drop (call $switch (i32.const 1)))
      (loop $again (br_if $again (i32.eqz (i32.load offset=20 (i32.const 64)))))
      (call $proc_exit (i32.const 42))
    """
    )
    assert run(tasks_box(start, BACK), limits=Limits(time=20)).exit_code == 42


def test_a_pool_takes_machines_whose_tasks_are_gone() -> None:
    start = "(drop (call $switch (i32.const 1)))"
    with Pool(Frozen.of(tasks_box(start, BACK)), 1) as pool:
        for _ in range(50):
            assert pool.run([]).exit_code == 0
