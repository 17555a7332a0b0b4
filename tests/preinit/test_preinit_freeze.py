from __future__ import annotations

from collections.abc import Callable

import pytest

from boxer.boxfile import MemoryImage, Segment
from boxer.errors import FreezeError, StoppedError
from boxer.preinit import freeze
from boxer.wasmformat import Buffer

PAGE = 65536


class PlainState:
    """An `InstanceState` without an engine: the program is a Python function on a bytearray."""

    def __init__(self, program: Callable[[bytearray], int | None]) -> None:
        self.memory = bytearray(PAGE)
        self.called: list[str] = []
        self.output = b""
        self._program = program

    def memory_size(self) -> int:
        return len(self.memory)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.memory[offset : offset + size])

    def write(self, offset: int, data: Buffer) -> None:
        self.memory[offset : offset + len(data)] = data

    def grow(self, pages: int) -> None:
        self.memory += bytes(pages * PAGE)

    def call(self, name: str) -> int | None:
        self.called.append(name)
        return self._program(self.memory)

    def global_value(self, name: str) -> int:
        raise KeyError(name)


COLD = MemoryImage(2 * PAGE, (Segment(10, b"cold"), Segment(70_000, b"tree")))


def test_program_finds_the_image_and_its_memory_is_kept() -> None:
    def program(memory: bytearray) -> int:
        assert memory[10:14] == b"cold"
        assert memory[70_000:70_004] == b"tree"
        memory[10:14] = b"warm"
        return 0

    state = PlainState(program)
    frozen = freeze(state, COLD)
    assert state.called == ["boxer_freeze"]
    assert frozen.size == 2 * PAGE
    assert frozen.to_bytes() == state.memory


def test_memory_the_program_added_is_in_the_image() -> None:
    def program(memory: bytearray) -> int:
        memory += bytes(PAGE)
        return 0

    assert freeze(PlainState(program), COLD).size == 3 * PAGE


def test_program_that_returns_a_status_is_an_error_with_its_output() -> None:
    state = PlainState(lambda memory: 1)
    state.output = b"Traceback\nModuleNotFoundError: No module named 'nope'\n"
    with pytest.raises(FreezeError, match=r"status `1`[\s\S]*No module named") as caught:
        freeze(state, COLD)
    assert caught.value.reference == "freeze-failed"


def test_program_that_exits_is_an_error() -> None:
    def program(memory: bytearray) -> int:
        raise StoppedError("the program exited with status `3`.")

    with pytest.raises(FreezeError, match="`3`"):
        freeze(PlainState(program), COLD)


def test_stack_is_cleared_and_nothing_else() -> None:
    def program(memory: bytearray) -> int:
        memory[:200] = b"d" * 200
        return 0

    frozen = freeze(PlainState(program), COLD, stack=150).to_bytes()
    assert not any(frozen[:150])
    assert frozen[150:200] == b"d" * 50
