"""Memory of a guest's processes (native/space.c): a model beside the real thing.

Every fiber of the box runs the same loop over a script in memory that is never moved, so a script
says all that happens: what is written, what must be read, who is forked and gone on with.
"""

from __future__ import annotations

import array
import os
import random
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from boxer.boxfile import Box
from boxer.runtime import Frozen, Limits, Pool, mapped, run
from boxer.runtime.entry import RunOptions
from boxer.runtime.exitstatus import ExitStatus
from tests.runtime.fibers import FREE, tasks_box

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")
PAGE, KIB = 4096, 1024
EFAULT, EINVAL, ENOMEM = -14, -22, -12
# A process's pages begin here; below lie the block, descriptors and the script. The image ends in
# the middle of them.
PROCESS, IMAGE_END, END = 512 * KIB, 768 * KIB, 1024 * KIB
SCRIPT = FREE + 16 * KIB
WRITE, EXPECT, FORK, SWITCH, DROP, IMAGE, GROW, SUM, FILL, EXIT = range(10)

LOOP = """
(func $sum (param $at i32) (param $end i32) (result i32) (local $sum i32)
  (loop $again
    (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $at))))
    (br_if $again
      (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
  (local.get $sum))
(func $wrong (param $at i32) (param $found i32)
  (i32.store (i32.const 40) (local.get $at))
  (i32.store (i32.const 44) (local.get $found))
  (drop (call $say (i32.const 40) (i32.const 8) (i32.const 1)))
  (call $proc_exit (i32.const 2)))
(func $same (param $at i32) (param $found i32) (param $wanted i32)
  (if (i32.ne (local.get $found) (local.get $wanted))
    (then (call $wrong (local.get $at) (local.get $found)))))
(func $loop (local $at i32) (local $a i32) (local $b i32) (local $c i32) (local $wanted i32)
  (local $op i32)
  (loop $again
    (local.set $at (i32.load (i32.const 1024)))
    (i32.store (i32.const 1024) (i32.add (local.get $at) (i32.const 20)))
    (local.set $op (i32.load (local.get $at)))
    (local.set $a (i32.load offset=4 (local.get $at)))
    (local.set $b (i32.load offset=8 (local.get $at)))
    (local.set $c (i32.load offset=12 (local.get $at)))
    (local.set $wanted (i32.load offset=16 (local.get $at)))
    (block $9 (block $8 (block $7 (block $6 (block $5
      (block $4 (block $3 (block $2 (block $1 (block $0
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 (local.get $op)))
      (i32.store (local.get $a) (local.get $b)) (br $again))
      (call $same (local.get $at) (i32.load (local.get $a)) (local.get $b)) (br $again))
      ;; the copy goes on behind the switch that resumes it, which the script knows
      (local.set $c (call $fork (local.get $a) (local.get $b) (local.get $c)))
      (if (i32.ne (local.get $c) (i32.const 1))
        (then (call $same (local.get $at) (local.get $c) (local.get $wanted))))
      (br $again))
      (local.set $c (call $exchange (local.get $a) (local.get $b) (local.get $c)))
      (if (local.get $c) (then (call $same (local.get $at) (local.get $c) (local.get $wanted))))
      (br $again))
      (call $same (local.get $at) (call $drop (local.get $a) (local.get $b)) (local.get $wanted))
      (br $again))
      (call $same (local.get $at) (call $image (local.get $a) (local.get $b)) (local.get $wanted))
      (br $again))
      (call $same (local.get $at) (memory.grow (local.get $a)) (local.get $b)) (br $again))
      (call $same (local.get $at) (call $sum (local.get $a) (local.get $b)) (local.get $c))
      (br $again))
      (memory.fill (local.get $a) (local.get $b) (local.get $c)) (br $again))
    (call $proc_exit (local.get $a))))
"""

Ranges = tuple[tuple[int, int], ...]
WHOLE: Ranges = ((PROCESS, END - PROCESS),)
PIECES: Ranges = (
    (PROCESS, 64 * KIB),
    (PROCESS + 80 * KIB, PAGE),
    (PROCESS + 128 * KIB, 300 * KIB),
    (END - 64 * KIB, 64 * KIB),
)


class Script:
    """What is done, and the descriptors that it names."""

    def __init__(self, pages: int = END // 65536) -> None:
        self.words: list[int] = []
        self.pages = pages
        self._descriptors = bytearray(16 * KIB - 16)
        self._free = 0
        self._known: dict[tuple[int, Ranges], int] = {}

    def add(self, *words: int) -> None:
        self.words += [*words, *[0] * (5 - len(words))]

    def place(self, data: bytes) -> int:
        address = FREE + 16 + self._free
        self._descriptors[self._free : self._free + len(data)] = data
        self._free += len(data)
        assert self._free <= len(self._descriptors)
        return address

    def space(self, number: int, ranges: Ranges) -> int:
        """The address of a descriptor."""
        key = (number, ranges)
        if key not in self._known:
            listed = struct.pack(f"<{2 * len(ranges)}I", *(n for each in ranges for n in each))
            where = self.place(listed)
            self._known[key] = self.place(struct.pack("<3I", number, len(ranges), where))
        return self._known[key]

    def box(self, process: bytes = b"") -> Box:
        words = [word & 0xFFFFFFFF for word in (*self.words, EXIT, 42, 0, 0, 0)]
        text = struct.pack(f"<{len(words)}I", *words)
        assert SCRIPT + len(text) <= PROCESS
        image = struct.pack("<4I", SCRIPT, 0, 0, 0) + bytes(self._descriptors) + text
        image = image.ljust(PROCESS - FREE, b"\0") + process
        return tasks_box("(call $loop)", "(call $loop)", more=LOOP, image=image, pages=self.pages)

    def check(self, process: bytes = b"", limits: Limits | None = None) -> None:
        result = run(self.box(process), limits=limits or Limits(time=None, cpu=None))
        if result.exit_code == 2:
            at, found = struct.unpack("<Ii", result.stdout)
            number = (at - SCRIPT) // 20
            raise AssertionError((number, self.words[5 * number : 5 * number + 5], found))
        assert (result.exit_code, result.limit, result.crash) == (42, None, None)


def sum_of(data: bytes) -> int:
    total = 0
    for word in array.array("I", data):
        total = (total * 31 + word) & 0xFFFFFFFF
    return total


class Model:
    """Processes as they should be; writes the script as it goes."""

    def __init__(self, seed: int, ranges: Ranges) -> None:
        self.chance = random.Random(seed)
        self.ranges = ranges
        self.script = Script(IMAGE_END // 65536)
        self.image = self.chance.randbytes(IMAGE_END - PROCESS)
        fresh = bytearray(self.image + bytes(END - IMAGE_END))
        self.script.add(GROW, (END - IMAGE_END) // 65536, IMAGE_END // 65536)
        self.memory: dict[int, bytearray] = {
            1: fresh
        }  # by space; a space's fiber has its number - 1
        self.current = 1
        self.fibers = {1}  # of whose space there is one

    def somewhere(self) -> int:
        start, size = self.chance.choice(self.ranges)
        return start + 4 * self.chance.randrange(size // 4)

    def write(self) -> None:
        at, value = self.somewhere(), self.chance.randrange(1 << 32)
        struct.pack_into("<I", self.memory[self.current], at - PROCESS, value)
        self.script.add(WRITE, at, value)

    def fill(self) -> None:
        start, size = self.chance.choice(self.ranges)
        at = start + self.chance.randrange(size)
        length, value = self.chance.randrange(start + size - at + 1), self.chance.randrange(256)
        self.memory[self.current][at - PROCESS : at - PROCESS + length] = bytes([value]) * length
        self.script.add(FILL, at, value, length)

    def read(self) -> None:
        at = self.somewhere()
        (value,) = struct.unpack_from("<I", self.memory[self.current], at - PROCESS)
        self.script.add(EXPECT, at, value)

    def read_all(self) -> None:
        for start, size in self.ranges:
            data = self.memory[self.current][start - PROCESS : start - PROCESS + size]
            self.script.add(SUM, start, start + size, sum_of(bytes(data)))

    def free_number(self) -> int:
        return next(number for number in range(1, 65) if number not in self.memory)

    def fork(self) -> None:
        if len(self.memory) == 64:
            return
        number = self.free_number()
        self.memory[number] = bytearray(self.memory[self.current])
        self.fibers.add(number)
        self.script.add(FORK, number - 1, self.space(self.current), number)

    def space(self, number: int) -> int:
        return self.script.space(number, self.ranges)

    def switch(self) -> None:
        number = self.chance.choice(list(self.memory))
        if number == self.current:
            self.script.add(SWITCH, number - 1, 0, 0)
            return
        self.script.add(SWITCH, number - 1, self.space(self.current), self.space(number))
        self.current = number
        self.fibers.add(number)

    def drop(self) -> None:
        others = [number for number in self.memory if number != self.current]
        if not others:
            return
        number = self.chance.choice(others)
        del self.memory[number]
        self.script.add(DROP, number - 1 if number in self.fibers else -1, number)
        self.fibers.discard(number)

    def from_image(self) -> None:
        if len(self.memory) == 64:
            return
        number = self.free_number()
        self.memory[number] = bytearray(self.image + bytes(END - IMAGE_END))
        self.script.add(IMAGE, number, self.space(number))

    def go(self, steps: int, weights: tuple[int, ...]) -> None:
        acts = (self.write, self.fill, self.read, self.read_all, self.fork, self.switch, self.drop)
        for act in self.chance.choices((*acts, self.from_image), weights, k=steps):
            act()
        self.read_all()


@pytest.mark.parametrize("ranges", [WHOLE, PIECES], ids=["whole", "pieces"])
@pytest.mark.parametrize("seed", range(4))
def test_processes_keep_their_memory(seed: int, ranges: Ranges) -> None:
    model = Model(seed, ranges)
    model.go(5000, (30, 1, 30, 1, 4, 20, 3, 1))
    model.script.check(model.image)


def test_memory_that_grew_goes_with_its_process() -> None:
    script = Script()
    small, large = WHOLE, ((PROCESS, END - PROCESS + 256 * KIB),)
    script.add(GROW, 4, END // 65536)
    script.add(FORK, 1, script.space(1, small), 2)
    script.add(WRITE, END + 8 * KIB, 11)
    script.add(SWITCH, 1, script.space(1, large), script.space(2, small))
    script.add(WRITE, END + 8 * KIB, 22)  # grows, too: other pages at the same addresses
    script.add(SWITCH, 0, script.space(2, large), script.space(1, large))
    script.add(EXPECT, END + 8 * KIB, 11)
    script.add(SWITCH, 1, script.space(1, large), script.space(2, large))
    script.add(EXPECT, END + 8 * KIB, 22)
    script.check()


def test_pages_that_a_stash_had_not_are_zeros() -> None:
    first, second = (PROCESS, 64 * KIB), (END - 64 * KIB, 64 * KIB)
    for one, other in ((first, second), (second, first)):
        script = Script()
        script.add(FORK, 1, script.space(1, (one,)), 2)
        script.add(FILL, other[0], 77, other[1])
        script.add(SWITCH, 1, script.space(1, (one,)), script.space(2, tuple(sorted((one, other)))))
        script.add(SUM, other[0], sum(other), 0)
        script.check()


def test_a_process_without_pages_can_be_gone_on_with() -> None:
    script = Script()
    script.add(FORK, 1, script.space(1, ()), 2)
    script.add(WRITE, PROCESS, 5)
    script.add(SWITCH, 1, script.space(1, ()), script.space(2, ()))
    script.add(EXPECT, PROCESS, 5)
    script.check()


def test_a_machine_that_was_reset_often_and_is_armed_has_processes() -> None:
    model = Model(5, PIECES)
    model.go(300, (30, 1, 30, 1, 4, 20, 3, 1))
    forking = model.script.box(model.image)
    # The same code over another image: a script that forks nobody.
    quiet = Script(IMAGE_END // 65536)
    quiet.add(WRITE, PROCESS, 1)
    with Pool(Frozen.of(forking), 1) as pool:
        for _ in range(20):
            assert pool.run([]).exit_code == 42
    with Pool(Frozen.of(quiet.box()), 1) as pool:
        for _ in range(20):
            assert pool.run([]).exit_code == 42


def test_a_machine_that_had_processes_is_not_used_again_but_can_be_copied() -> None:
    script = Script()
    script.add(FORK, 1, script.space(1, WHOLE), 2)
    script.add(WRITE, PROCESS, 5)
    script.add(SWITCH, 1, script.space(1, WHOLE), script.space(2, WHOLE))
    script.add(EXPECT, PROCESS, 0)
    machine = Frozen.of(script.box()).machine(1 << 30)
    assert isinstance(machine, mapped.MappedInstance)
    assert machine.run(RunOptions()).exit_status.exit_code == 42
    assert not machine.reset()
    copy = machine.fork()
    assert copy.memory() == machine.memory()
    copy.close()
    machine.close()


def test_a_copy_of_a_machine_has_processes_of_its_own() -> None:
    """Its memory is mapped in layers (native/fork.c), which lie anywhere."""
    script = Script()
    for at in range(PROCESS, END - 64 * KIB, 96 * KIB):
        script.add(FILL, at, 5, 40 * KIB)  # large runs, which become layers
    script.add(EXIT, 42)
    first = len(script.words)
    # The copies begin behind it: the script's place is memory, too.
    script.add(EXPECT, PROCESS, 0x05050505)
    script.add(FORK, 1, script.space(1, PIECES), 2)
    script.add(FILL, PROCESS, 6, 20 * KIB)
    script.add(SWITCH, 1, script.space(1, PIECES), script.space(2, PIECES))
    script.add(EXPECT, PROCESS, 0x05050505)
    script.add(EXPECT, PROCESS + 200 * KIB, 0x05050505)
    script.add(SWITCH, 0, script.space(2, PIECES), script.space(1, PIECES))
    script.add(EXPECT, PROCESS, 0x06060606)
    script.add(EXPECT, PROCESS + 200 * KIB, 0x05050505)
    machine = Frozen.of(script.box()).machine(1 << 30)
    assert isinstance(machine, mapped.MappedInstance)
    assert machine.run(RunOptions()).exit_status.exit_code == 42
    assert struct.unpack_from("<I", machine.memory(), FREE) == (SCRIPT + 4 * first,)
    for _ in range(3):
        copy = machine.fork()
        assert copy.run(RunOptions()).exit_status == ExitStatus(42)
        copy.close()
    machine.close()


def test_an_image_of_a_machine_that_has_forked_has_all_of_its_memory() -> None:
    script, start = Script(64), 2 << 20  # far from what the first image holds
    ranges = ((start, 1 << 20),)
    script.add(FILL, start + 20 * KIB, 9, 300 * KIB)
    script.add(FORK, 1, script.space(1, ranges), 2)
    script.add(SWITCH, 1, script.space(1, ranges), script.space(2, ranges))
    script.add(SWITCH, 0, script.space(2, ranges), script.space(1, ranges))
    frozen = Frozen.of(script.box())
    machine = frozen.machine(1 << 30)
    assert isinstance(machine, mapped.MappedInstance)
    assert machine.run(RunOptions()).exit_status.exit_code == 42
    memory = machine.memory()
    assert memory[start + 20 * KIB : start + 320 * KIB] == b"\x09" * 300 * KIB
    again = mapped.MappedInstance(frozen.code, machine.new_image(), 1 << 30)
    machine.close()
    assert again.memory() == memory


def test_memory_of_all_processes_together_is_limited() -> None:
    # 512 KiB are private; what is in place counts as much as a copy: the sixth is one too many.
    limits = Limits(memory=3 << 20)
    script = Script()
    for number in range(2, 7):
        script.add(FILL, PROCESS, number, END - PROCESS)
        script.add(FORK, number - 1, script.space(1, WHOLE), number)
    script.add(FILL, PROCESS, 1, END - PROCESS)
    script.add(FORK, 7, script.space(1, WHOLE), 8, ENOMEM)
    script.add(DROP, 3, 4)
    script.add(FORK, 7, script.space(1, WHOLE), 8)
    script.check(limits=limits)


def test_processes_that_grow_beyond_the_limit_end_the_run() -> None:
    script = Script()
    for number in range(2, 9):
        script.add(FORK, number - 1, script.space(1, WHOLE), number)
    now = 1
    for number in range(2, 9):
        script.add(FILL, PROCESS, number, END - PROCESS)
        script.add(SWITCH, number - 1, script.space(now, WHOLE), script.space(number, WHOLE))
        now = number
    result = run(script.box(), limits=Limits(memory=3 << 20))
    assert (result.exit_code, result.limit) == (137, "memory")
    assert run(script.box(), limits=Limits(memory=8 << 20)).exit_code == 42


BAD_RANGES: dict[str, tuple[int, Ranges]] = {
    "not whole pages": (EINVAL, ((PROCESS + 1, PAGE),)),
    "a size of half a page": (EINVAL, ((PROCESS, 2048),)),
    "no size": (EINVAL, ((PROCESS, 0),)),
    "beyond the end": (EINVAL, ((END, PAGE),)),
    "beyond the end by a page": (EINVAL, ((END - PAGE, 2 * PAGE),)),
    "around the corner": (EINVAL, ((0xFFFFF000, 0x2000),)),
    "all there is": (EINVAL, ((PROCESS, 0xFFFFF000),)),
    "out of order": (EINVAL, ((PROCESS + PAGE, PAGE), (PROCESS, PAGE))),
    "twice": (EINVAL, ((PROCESS, PAGE), (PROCESS, PAGE))),
    "overlapping": (EINVAL, ((PROCESS, 2 * PAGE), (PROCESS + PAGE, PAGE))),
    "the block": (EINVAL, ((0, PAGE),)),
}


@pytest.mark.parametrize("what", BAD_RANGES)
def test_ranges_are_checked(what: str) -> None:
    error, ranges = BAD_RANGES[what]
    script = Script()
    bad = script.space(1, ranges)
    script.add(FORK, 1, bad, 2, error)
    script.add(IMAGE, 2, bad, 0, error)
    script.add(FORK, 1, script.space(1, WHOLE), 2)
    script.add(SWITCH, 1, bad, script.space(2, WHOLE), error)
    script.add(SWITCH, 1, script.space(1, WHOLE), script.space(2, ranges), error)
    script.add(WRITE, PROCESS, 9)
    script.add(SWITCH, 1, script.space(1, WHOLE), script.space(2, WHOLE))
    script.add(EXPECT, PROCESS, 0)
    script.check()


def test_descriptors_and_ids_of_spaces_are_checked() -> None:
    script = Script()
    good = script.space(1, WHOLE)
    for address in (0, 4, 0xFFFFFFFF, 0xFFFFFFF8, END - 4, END):
        script.add(FORK, 1, address, 2, EINVAL if address == 4 else EFAULT)
    many = script.place(struct.pack("<3I", 1, 0xFFFFFFFF, PROCESS))
    far = script.place(struct.pack("<3I", 1, 1, END - 4))
    nobody = script.place(struct.pack("<3I", 0, 1, PROCESS))
    for address, error in ((many, EINVAL), (far, EFAULT), (nobody, EINVAL)):
        script.add(FORK, 1, address, 2, error)
    script.add(FORK, 1, good, 1, EINVAL)  # itself
    script.add(FORK, 0, good, 2, EINVAL)  # a fiber that is there
    script.add(FORK, 1, good, 2)
    script.add(FORK, 2, good, 2, EINVAL)  # a space that is there
    script.add(FORK, 2, script.space(7, WHOLE), 3, EINVAL)  # another is in place
    script.add(IMAGE, 1, good, 0, EINVAL)
    script.add(IMAGE, 2, good, 0, EINVAL)
    script.add(DROP, -1, 1, 0, EINVAL)  # in place
    script.add(DROP, -1, 9, 0, EINVAL)
    script.add(DROP, 1, 9, 0, EINVAL)  # nothing has changed: the fiber is there
    other = script.space(2, WHOLE)
    script.add(SWITCH, 1, good, 0, EFAULT)
    script.add(SWITCH, 1, 0, other, EFAULT)
    script.add(SWITCH, 1, good, good, EINVAL)
    script.add(SWITCH, 1, other, good, EINVAL)
    script.add(SWITCH, 1, good, script.space(9, WHOLE), EINVAL)
    script.add(SWITCH, 1, good, script.space(2, ((PROCESS, PAGE),)), EINVAL)  # loses pages
    script.add(SWITCH, 99, good, other, EINVAL)
    script.add(WRITE, PROCESS, 3)
    script.add(SWITCH, 1, good, other)
    script.add(EXPECT, PROCESS, 0)
    script.add(DROP, 0, 1)
    script.add(SWITCH, 0, 0, 0)  # begins anew
    script.check()


def test_a_hostile_guest_may_name_anything() -> None:
    chance = random.Random(7)
    for _ in range(40):
        script = Script()
        known = [script.space(number, ranges) for number in (1, 2, 3) for ranges in (WHOLE, PIECES)]
        bad = [script.space(1, ranges) for _, ranges in BAD_RANGES.values()]
        for _ in range(300):
            descriptors = [chance.choice([*known, *known, *bad, 0, END - 8]) for _ in range(2)]
            fiber, space = chance.choice([0, 1, 2, 63, 64, -1]), chance.choice([0, 1, 2, 3, 9])
            script.add(*chance.choice([
                (FORK, fiber, descriptors[0], space),
                (SWITCH, fiber, *descriptors),
                (SWITCH, fiber, 0, 0),
                (DROP, fiber, space),
                (IMAGE, space, descriptors[0]),
                (WRITE, chance.randrange(PROCESS, END - 4), chance.randrange(1 << 32)),
            ]))  # fmt: skip
        result = run(box_of(script), limits=Limits(time=20))
        assert result.crash is None
        assert result.exit_code in (0, 42)


def box_of(script: Script) -> Box:
    """Its answers are not compared."""
    words = [word & 0xFFFFFFFF for word in (*script.words, EXIT, 42, 0, 0, 0)]
    text = struct.pack(f"<{len(words)}I", *words)
    image = struct.pack("<4I", SCRIPT, 0, 0, 0) + bytes(script._descriptors) + text
    loop = LOOP.replace("(call $wrong (local.get $at) (local.get $found))", "(nop)")
    return tasks_box("(call $loop)", "(call $loop)", more=loop, image=image, pages=script.pages)


def test_machines_in_several_threads_have_processes_of_their_own() -> None:
    problems: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            model = Model(seed, PIECES if seed % 2 else WHOLE)
            model.go(3000, (30, 1, 30, 1, 4, 20, 3, 1))
            model.script.check(model.image)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(10, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


# Runs that leave processes behind, in one process.
LEAKS = """
import resource, sys
from boxer.runtime import Frozen, Pool
from tests.runtime.test_runtime_spaces import *

def measure():
    mappings = len(open("/proc/self/maps").readlines())
    return mappings, int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

script = Script()
for number in range(2, 6):
    script.add(FORK, number - 1, script.space(1, PIECES), number)
    script.add(FILL, PROCESS, number, 64 * KIB)
script.add(SWITCH, 3, script.space(1, PIECES), script.space(4, PIECES))
script.add(IMAGE, 9, script.space(9, PIECES))
script.add(SWITCH, 9, script.space(4, PIECES), script.space(9, PIECES))
pool = Pool(Frozen.of(script.box()), 1)
for turn in range(int(sys.argv[1])):
    assert pool.run([]).exit_code == 42
    if turn == 100:
        before = measure()
after = measure()
assert after[0] - before[0] < 20, (before, after)
assert after[1] - before[1] < 4 << 20, (before, after)
"""


def test_runs_with_processes_leak_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAKS, "1000"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
