"""The code of one function with relocations where an object has them.

Belongs here: calls, types and what a side module reads from its globals. Does not: exceptions
(`exceptions`), which functions and symbols there are (`conversion`).

Source: WebAssembly tool conventions, "Linking" (relocation types).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from boxer.errors import DamagedWasmError, UnsupportedModuleError
from boxer.packages.native.relocatable import Relocation, RelocationKind
from boxer.packages.sidemodule.instructions import Instruction, Op
from boxer.packages.sidemodule.reading import FunctionType
from boxer.wasmformat import uleb128

T = TypeVar("T")
# Room for a number of 32 bits, which the linker writes.
ROOM = b"\x80\x80\x80\x80\x00"


@dataclass(frozen=True, slots=True)
class Reference:
    """What takes the place of reading a global: `opcode`, a number the linker writes, `rest`."""

    opcode: int
    kind: RelocationKind
    symbol: int
    addend: int = 0
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What code refers to, by the side module's numbers.

    functions: symbols. reads: of globals. stack_pointer: which global that is, None without. tags:
    symbols and parameters. types: how many there are; number_of: the number of one, added if new.
    """

    functions: Sequence[int]
    reads: Sequence[Reference]
    stack_pointer: int | None
    tags: Sequence[tuple[int, tuple[int, ...]]]
    types: Sequence[FunctionType]
    number_of: Callable[[FunctionType], int]


@dataclass(slots=True)
class Output:
    """Code as it is written, with its relocations."""

    about: Surroundings
    text: bytearray = field(default_factory=bytearray)
    relocations: list[Relocation] = field(default_factory=list)

    def refer(self, opcode: int, kind: RelocationKind, symbol: int, addend: int = 0) -> None:
        """An opcode and a number that the linker writes."""
        self.text.append(opcode)
        self.room(kind, symbol, addend)

    def room(self, kind: RelocationKind, symbol: int, addend: int = 0) -> None:
        self.relocations.append(Relocation(kind, len(self.text), symbol, addend))
        self.text += ROOM

    def block(self, opcode: int, kind: int) -> None:
        """A block's beginning; kind: as in `Instruction`."""
        if kind < 0:
            self.text += bytes([opcode, -kind])
        else:
            self.known(self.about.types, kind, "type")
            self.refer(opcode, RelocationKind.TYPE_INDEX_LEB, kind)

    def instruction(self, found: Instruction) -> None:
        """Any instruction that means the same wherever it stands."""
        op = found.op
        if op in (Op.CALL, Op.RETURN_CALL):
            symbol = self.known(self.about.functions, found.numbers[0], "function")
            self.refer(op, RelocationKind.FUNCTION_INDEX_LEB, symbol)
        elif op in (Op.CALL_INDIRECT, Op.RETURN_CALL_INDIRECT):
            if found.numbers[1]:
                raise UnsupportedModuleError("The module has several tables.")
            self.known(self.about.types, found.numbers[0], "type")
            self.refer(op, RelocationKind.TYPE_INDEX_LEB, found.numbers[0])
            self.text.append(0)
        elif op == Op.GLOBAL_GET:
            read = self.known(self.about.reads, found.numbers[0], "global")
            self.refer(read.opcode, read.kind, read.symbol, read.addend)
            self.text += read.rest
        elif op == Op.GLOBAL_SET:
            if found.numbers[0] != self.about.stack_pointer:
                raise UnsupportedModuleError("The module writes a global that is no stack pointer.")
            read = self.about.reads[found.numbers[0]]
            self.refer(op, read.kind, read.symbol)
        elif op == Op.THROW:
            symbol, _ = self.known(self.about.tags, found.numbers[0], "tag")
            self.refer(op, RelocationKind.TAG_INDEX_LEB, symbol)
        elif op in (Op.BLOCK, Op.LOOP, Op.IF):
            self.block(op, found.numbers[0])
        else:
            self.text += found.text

    def known(self, values: Sequence[T], number: int, what: str) -> T:
        if not 0 <= number < len(values):
            raise DamagedWasmError(f"The module is damaged: its code names a {what} without one.")
        return values[number]


def locals_head(groups: Sequence[tuple[int, int]]) -> bytes:
    """The declaration of locals, as counts and types."""
    return uleb128(len(groups)) + b"".join(uleb128(n) + bytes([kind]) for n, kind in groups)
