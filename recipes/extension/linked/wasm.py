"""A linked module as its parts: sections, functions, instructions, numbers.

Belongs here: what is read of a module's bytes to change its code. Does not: what is changed
(`hints`, `arguments`), other kinds of modules (`src/boxer/wasmformat` has them; an SDK has not).

Source: WebAssembly's core specification, binary format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

NAMES = "name"
PREAMBLE = 8
CUSTOM, TYPE, IMPORT, FUNCTION, MEMORY, EXPORT, START = 0, 1, 2, 3, 5, 7, 8
ELEMENT, CODE = 9, 10
FUNCTION_KIND = 0  # of an import or export
# Segments of tables: for the first table, for none, for a table by number, none but known.
OF_THE_TABLE, OF_NO_TABLE, OF_A_TABLE, DECLARED = range(4)
I32_CONST = 0x41
# What a function takes and what it returns, a byte each.
Type = tuple[bytes, bytes]
BLOCK, LOOP, IF, ELSE, END, BR_IF = 0x02, 0x03, 0x04, 0x05, 0x0B, 0x0D
BRANCHES = (IF, BR_IF)
# By opcode, how many numbers follow it. Not here: those with something else (`_behind`).
NUMBERS = {
    **dict.fromkeys((0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x1A, 0x1B, 0xD1), 0),
    **dict.fromkeys(range(0x45, 0xC5), 0),
    **dict.fromkeys((0x02, 0x03, 0x04, 0x08, 0x0C, 0x0D, 0x10, 0x12, 0x3F, 0x40), 1),
    **dict.fromkeys((0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x41, 0x42, 0xD0, 0xD2), 1),
    **dict.fromkeys((0x11, 0x13), 2),
    **dict.fromkeys(range(0x28, 0x3F), 2),
}
CONSTANTS = {0x43: 4, 0x44: 8}
BR_TABLE, SELECT, TRY_TABLE, MISCELLANEOUS, VECTORS = 0x0E, 0x1C, 0x1F, 0xFC, 0xFD
# memory.init, memory.copy, table.init, table.copy; memory.fill and the like have one number less.
OF_TWO = (8, 10, 12, 14)
LAST_CONVERSION = 7


@dataclass(frozen=True)
class Body:
    """A function that the module defines. number: among all; first: where its instructions begin;
    start, end: of its body in the module, which offsets of hints are counted from."""

    number: int
    start: int
    first: int
    end: int


def instructions(module: bytes, body: Body) -> Iterator[tuple[int, int, int]]:
    """Each instruction's opcode, where it stands, and where the next one does."""
    at = body.first
    while at < body.end:
        start = at
        opcode = module[at]
        at += 1
        numbers = NUMBERS.get(opcode)
        at = skip(module, at, numbers) if numbers is not None else _behind(module, opcode, at)
        yield opcode, start, at


def _behind(module: bytes, opcode: int, at: int) -> int:
    """Where an instruction ends that has more behind its opcode than numbers of a known count."""
    if opcode in CONSTANTS:
        return at + CONSTANTS[opcode]
    if opcode == BR_TABLE:
        count, at = read(module, at)
        return skip(module, at, count + 1)
    if opcode == SELECT:
        count, at = read(module, at)
        return at + count
    if opcode == TRY_TABLE:
        count, at = read(module, skip(module, at, 1))
        for _ in range(count):
            # What it catches: two kinds name a tag in front of the label.
            at = skip(module, at + 1, 2 if module[at] < 2 else 1)
        return at
    if opcode == MISCELLANEOUS:
        kind, at = read(module, at)
        return skip(module, at, 0 if kind <= LAST_CONVERSION else 2 if kind in OF_TWO else 1)
    if opcode == VECTORS:
        return _behind_vector(module, at)
    raise ValueError(f"the code has the unknown instruction {opcode:#04x}")


def _behind_vector(module: bytes, at: int) -> int:
    kind, at = read(module, at)
    if kind <= 11 or kind in (92, 93):  # loads and stores
        return skip(module, at, 2)
    if kind in (12, 13):  # v128.const, i8x16.shuffle
        return at + 16
    if 84 <= kind <= 91:  # loads and stores of a lane
        return skip(module, at, 2) + 1
    return at + 1 if 21 <= kind <= 34 else at


def bodies(module: bytes) -> Iterator[Body]:
    """The functions a module defines."""
    imported = 0
    for kind, _, at, _ in sections(module):
        if kind == IMPORT:
            imported = len(_imported(module, at))
        if kind == CODE:
            count, at = read(module, at)
            for position in range(imported, imported + count):
                size, at = read(module, at)
                groups, first = read(module, at)
                for _ in range(groups):
                    first = skip(module, first, 1) + 1
                yield Body(position, at, first, at + size)
                at += size


def _imported(module: bytes, at: int) -> list[int]:
    """The numbers of the types of imported functions; a box's module imports nothing else."""
    found = []
    count, at = read(module, at)
    for _ in range(count):
        for _ in range(2):
            size, at = read(module, at)
            at += size
        if module[at] != FUNCTION_KIND:
            raise ValueError("the module imports what is no function")
        kind, at = read(module, at + 1)
        found.append(kind)
    return found


def types(module: bytes) -> list[Type]:
    """The types of functions, by number."""
    found = []
    at = next((at for kind, _, at, _ in sections(module) if kind == TYPE), None)
    count, at = read(module, at) if at is not None else (0, 0)
    for _ in range(count):
        entry = []
        at += 1
        for _ in range(2):
            size, at = read(module, at)
            entry.append(module[at : at + size])
            at += size
        found.append((entry[0], entry[1]))
    return found


def type_numbers(module: bytes) -> list[int]:
    """By function, imported ones first, the number of its type."""
    found = []
    for kind, _, at, _ in sections(module):
        if kind == IMPORT:
            found += _imported(module, at)
        if kind == FUNCTION:
            count, at = read(module, at)
            for _ in range(count):
                number, at = read(module, at)
                found.append(number)
    return found


def named_functions(module: bytes) -> set[int]:
    """Functions that the module names outside of code: its exports, those in segments of its
    tables, the one it starts with. An address is taken of none else.

    Raises ValueError for segments that are written as expressions; a linker of C writes none.
    """
    found = set()
    for kind, _, at, _ in sections(module):
        if kind == START:
            found.add(read(module, at)[0])
        count, at = read(module, at) if kind in (EXPORT, ELEMENT) else (0, at)
        for _ in range(count):
            if kind == EXPORT:
                size, at = read(module, at)
                what = module[at + size]
                number, at = read(module, at + size + 1)
                found |= {number} if what == FUNCTION_KIND else set()
            else:
                numbers, at = _segment(module, at)
                found |= numbers
    return found


def _segment(module: bytes, at: int) -> tuple[set[int], int]:
    """The functions in a segment of a table, and where it ends."""
    flags, at = read(module, at)
    if flags > DECLARED:
        raise ValueError("a segment of a table is written as expressions")
    if flags == OF_A_TABLE:
        at = skip(module, at, 1)
    if flags in (OF_THE_TABLE, OF_A_TABLE):
        if module[at] != I32_CONST or module[skip(module, at + 1, 1)] != END:
            raise ValueError("a segment of a table has no constant address")
        at = skip(module, at + 1, 1) + 1
    if flags != OF_THE_TABLE:
        at += 1  # That these are functions.
    found = set()
    count, at = read(module, at)
    for _ in range(count):
        number, at = read(module, at)
        found.add(number)
    return found, at


def memory_pages(module: bytes) -> int:
    """How large the module's memory is at first."""
    at = next(at for kind, _, at, _ in sections(module) if kind == MEMORY)
    # One memory, and whether it has a limit.
    return read(module, at + 2)[0]


def function_names(module: bytes) -> dict[int, str]:
    """By number, as the section `name` has them."""
    found = custom(module, NAMES)
    names = {}
    at, end = found or (0, 0)
    while at < end:
        kind = module[at]
        size, at = read(module, at + 1)
        behind = at + size
        if kind == 1:
            count, at = read(module, at)
            for _ in range(count):
                function, at = read(module, at)
                size, at = read(module, at)
                names[function] = module[at : at + size].decode()
                at += size
        at = behind
    return names


def with_function_names(module: bytes, names: Mapping[int, str]) -> bytes:
    """The module with a section of these names behind all others."""
    entries = (number(n) + number(len(name)) + name.encode() for n, name in sorted(names.items()))
    functions = number(len(names)) + b"".join(entries)
    title = number(len(NAMES)) + NAMES.encode()
    payload = title + b"\x01" + number(len(functions)) + functions
    return module + bytes([CUSTOM]) + number(len(payload)) + payload


def custom(module: bytes, title: str) -> tuple[int, int] | None:
    """Where the contents of the custom section lie."""
    for kind, _, at, end in sections(module):
        if kind == CUSTOM:
            size, at = read(module, at)
            if module[at : at + size] == title.encode():
                return at + size, end
    return None


def without(module: bytes, title: str) -> bytes:
    """The module without custom sections of that name."""
    kept = [module[:PREAMBLE]]
    for kind, start, at, end in sections(module):
        size, at = read(module, at) if kind == CUSTOM else (0, at)
        if kind != CUSTOM or module[at : at + size] != title.encode():
            kept.append(module[start:end])
    return b"".join(kept)


def sections(module: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each section's number, where it starts, where its contents do, and where they end."""
    at = PREAMBLE
    while at < len(module):
        size, contents = read(module, at + 1)
        yield module[at], at, contents, contents + size
        at = contents + size


def read(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def skip(data: bytes, at: int, count: int) -> int:
    """Where so many LEB128 numbers end."""
    for _ in range(count):
        while data[at] >= 0x80:
            at += 1
        at += 1
    return at


def number(value: int) -> bytes:
    """As unsigned LEB128."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
