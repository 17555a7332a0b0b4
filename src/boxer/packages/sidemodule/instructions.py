"""The instructions of a function, one at a time or in runs.

Belongs here: where each instruction ends. Does not: what becomes of it (`code`, `exceptions`).

Most instructions stay as they are, byte for byte. A regular expression takes runs of them, which
makes it possible to read megabytes of code in Python in seconds.

Source: WebAssembly core specification 3.0, section 5.4; the exception handling proposal's legacy
instructions.

Invariant: an instruction that is not listed is refused; vectors, atomics and references are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import Buffer, Reader

EMPTY = 0x40
I32 = 0x7F


class Op(IntEnum):
    BLOCK = 0x02
    LOOP = 0x03
    IF = 0x04
    ELSE = 0x05
    TRY = 0x06
    CATCH = 0x07
    THROW = 0x08
    RETHROW = 0x09
    THROW_REF = 0x0A
    END = 0x0B
    BR = 0x0C
    BR_IF = 0x0D
    BR_TABLE = 0x0E
    RETURN = 0x0F
    CALL = 0x10
    CALL_INDIRECT = 0x11
    RETURN_CALL = 0x12
    RETURN_CALL_INDIRECT = 0x13
    DELEGATE = 0x18
    CATCH_ALL = 0x19
    TRY_TABLE = 0x1F
    LOCAL_GET = 0x20
    LOCAL_SET = 0x21
    GLOBAL_GET = 0x23
    GLOBAL_SET = 0x24
    I32_LOAD = 0x28
    I32_CONST = 0x41


_LEB = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_LONG_LEB = rb"[\x80-\xff]{0,9}[\x00-\x7f]"
# What has nothing to do with labels, functions, types or globals.
_PLAIN = (
    rb"[\x00\x01\x0f\x1a\x1b\x45-\xc4]"
    rb"|[\x20-\x22\x41]" + _LEB + rb"|[\x28-\x3e]" + _LEB + _LEB + rb"|\x42" + _LONG_LEB + rb""
    rb"|\x43.{4}|\x44.{8}|[\x3f\x40]\x00|\x1c\x01[\x7c-\x7f]"
    rb"|\xfc(?:[\x00-\x07]|\x0a\x00\x00|\x0b\x00)"
)
# Labels need no look where none has moved.
_LABELS = rb"|[\x02-\x04][\x40\x7c-\x7f]|[\x05\x0b]|[\x0c\x0d]" + _LEB
_RUN = re.compile(rb"(?:" + _PLAIN + rb")++", re.DOTALL)
_RUN_WITH_LABELS = re.compile(rb"(?:" + _PLAIN + _LABELS + rb")++", re.DOTALL)
_BLOCKS = frozenset({Op.BLOCK, Op.LOOP, Op.IF, Op.TRY})
_BARE = frozenset({Op.ELSE, Op.END, Op.CATCH_ALL})
_TWO = frozenset({Op.CALL_INDIRECT, Op.RETURN_CALL_INDIRECT})


@dataclass(frozen=True, slots=True)
class Instruction:
    """op: None for a run of instructions that stay as they are. numbers: what follows the opcode.

    Of a block the number is its type's, or minus the byte of an empty or single result.
    """

    op: Op | None
    text: Buffer
    numbers: tuple[int, ...] = ()


def locals_of(body: memoryview) -> tuple[list[tuple[int, int]], int]:
    """The declared locals as counts and types, and where the instructions begin."""
    reader = Reader(body, "a function")
    groups = [(reader.unsigned(), reader.byte()) for _ in range(reader.unsigned())]
    if sum(count for count, _ in groups) > 50_000:
        raise reader.damaged("more locals than a function can have")
    return groups, reader.position


def instructions(body: memoryview, start: int, labels: bool) -> Iterator[Instruction]:
    """The instructions of a function from `start`. labels: whether blocks and branches come one by
    one too."""
    runs = _RUN if labels else _RUN_WITH_LABELS
    reader = Reader(body, "a function")
    reader.position = start
    while not reader.at_end:
        run = runs.match(body, reader.position)
        if run is not None:
            yield Instruction(None, body[reader.position : run.end()])
            reader.position = run.end()
        else:
            yield _single(reader)


def _single(reader: Reader) -> Instruction:
    start = reader.position
    code = reader.byte()
    try:
        op = Op(code)
    except ValueError:
        raise UnsupportedModuleError(
            f"The module has an instruction that is not known here, `{code:#04x}`."
        ) from None
    if op in _BLOCKS:
        numbers: tuple[int, ...] = (_block_type(reader),)
    elif op == Op.BR_TABLE:
        numbers = tuple(reader.unsigned() for _ in range(reader.unsigned() + 1))
    elif op in _BARE:
        numbers = ()
    elif op in _TWO:
        numbers = (reader.unsigned(), reader.unsigned())
    elif op in (Op.THROW_REF, Op.TRY_TABLE):
        raise UnsupportedModuleError("The module mixes both forms of exceptions.")
    else:
        numbers = (reader.unsigned(),)
    return Instruction(op, reader.data[start : reader.position], numbers)


def _block_type(reader: Reader) -> int:
    kind = reader.signed(33)
    if kind >= 0:
        return kind
    byte = kind & 0x7F
    if byte != EMPTY and not 0x7C <= byte <= I32:
        raise reader.damaged("a block of an unknown type")
    return -byte
