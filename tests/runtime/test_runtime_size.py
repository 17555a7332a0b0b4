"""What a load takes is bounded by the file and the limits, not by the sizes the file states."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.boxfile import Box, MemoryImage, Segment, read_box, write_box
from boxer.errors import DamagedBoxError, DamagedWasmError, UnsupportedModuleError
from boxer.runtime import Frozen, Limits, Pool, mapped, run
from boxer.runtime.imagefile import DENSE, PAGE, PIECE, with_nameless_file, write_image
from boxer.wasmformat import Module, SectionId, data_segments, uleb128
from boxer.wasmformat.module import Section
from tests.runtime.conftest import make_box, make_info, module

FOUR_GIB = 1 << 32
LARGEST = Limits(memory="4GiB")
MEBIBYTE = 1 << 20

steps = st.tuples(
    st.sampled_from((0, 1, 4000, PAGE, 70_000, PIECE)),
    st.sampled_from((1, 3, PAGE, PIECE // DENSE, PIECE, PIECE + 5)),
    st.sampled_from((b"\0", b"x")),
)


@given(st.lists(steps, min_size=1, max_size=12))
def test_a_written_image_is_the_memory(found: list[tuple[int, int, bytes]]) -> None:
    segments, at = [], 0
    for gap, size, byte in found:
        segments.append(Segment(at + gap, byte * size))
        at += gap + size
    image = MemoryImage(-(-at // 65536) * 65536, tuple(segments))

    def written(descriptor: int) -> bytes:
        write_image(descriptor, image)
        return os.pread(descriptor, image.size + 1, 0)

    assert with_nameless_file(written) == bytes(image.to_bytes())


@pytest.mark.parametrize("step", [FOUR_GIB, PIECE, 1 << 18])
def test_an_image_takes_what_its_segments_hold(step: int) -> None:
    segments = tuple(Segment(at, b"x") for at in range(64, FOUR_GIB, step))

    def written(descriptor: int) -> os.stat_result:
        write_image(descriptor, MemoryImage(FOUR_GIB, segments))
        return os.fstat(descriptor)

    status = with_nameless_file(written)
    assert status.st_size == FOUR_GIB
    # A file system may note where the pages lie in some more.
    assert status.st_blocks * 512 <= 2 * PAGE * len(segments) + MEBIBYTE


def largest_box() -> Box:
    made = module("nop", more='(global (export "__stack_pointer") (mut i32) (i32.const 1024))')
    image = MemoryImage(FOUR_GIB, (Segment(64, b"hi"), Segment(FOUR_GIB - 2, b"hi")))
    return read_box(write_box(made, image, make_info(made)))


# In a process of its own, whose most pages are counted.
def main() -> None:
    box = largest_box()
    if sys.argv[1] == "copied":
        mapped.is_available = lambda: False
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert run(box, limits=LARGEST).exit_code == 0
    frozen = Frozen.of(box)
    with Pool(frozen, 1, LARGEST) as pool:
        assert [pool.run().exit_code for _ in range(6)] == [0] * 6
    machine = frozen.machine(FOUR_GIB)
    if isinstance(machine, mapped.MappedInstance):
        copy = machine.fork()
        image = copy.new_image()
        assert image.size == FOUR_GIB
        for one in (copy, machine):
            one.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


@pytest.mark.parametrize("kind", ["mapped", "copied"])
def test_a_box_that_says_it_is_large_takes_little(kind: str, own_cache: Path) -> None:
    command = [sys.executable, "-m", "tests.runtime.test_runtime_size", kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100_000  # kB


def test_a_box_in_too_many_pieces_is_damaged() -> None:
    made = module("nop")
    segments = tuple(Segment(at, b"x") for at in range(0, 1 << 27, 1 << 10))
    data = write_box(made, MemoryImage(1 << 27, segments), make_info(made))
    with pytest.raises(DamagedBoxError):
        read_box(data)


def test_a_number_of_entries_is_not_believed() -> None:
    many = uleb128(1_000_000) + b"\x00\x41\x00\x0b\x00" * 1_000_000
    with pytest.raises(DamagedWasmError):
        data_segments(Module((Section.make(SectionId.DATA, many),)))


TABLES = {
    "declared": "(table 4000000 funcref)",
    "grown": "(table 1 funcref) (func $grow (if (i32.ne (i32.const -1)"
    " (table.grow (ref.null func) (i32.const 4000000))) (then unreachable)))",
}


@pytest.mark.parametrize("available", [True, False])
def test_tables_are_bounded(available: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not available:
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    with pytest.raises(UnsupportedModuleError):
        run(make_box("nop", more=TABLES["declared"]))
    assert run(make_box("(call $grow)", more=TABLES["grown"])).exit_code == 0


if __name__ == "__main__":
    main()
