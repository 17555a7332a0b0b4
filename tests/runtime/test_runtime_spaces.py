"""Memory of a guest's processes (native/space.c): a model beside the real thing.

Every fiber of the box runs the same loop over a script in memory that is never moved, so a script
says all that happens: what is written, what must be read, who is forked and gone on with.
"""

from __future__ import annotations

import array
import random
import struct

import pytest

from boxer.boxfile import Box
from boxer.runtime import Limits, mapped, run
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
    (block $9 (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
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
    model.go(8000, (30, 1, 30, 1, 4, 20, 3, 1))
    model.script.check(model.image)
