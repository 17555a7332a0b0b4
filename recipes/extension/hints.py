"""Which way branches go: an engine puts what is rarely reached out of the way of what is often.

`hints.py HINTS.json MODULE.wasm`: what was linked with names gets hints in their place.

Belongs here: what is known of the interpreter's branches (`hints.json`), the custom section that
tells an engine of them, and the little that is read of code for both. Does not: finding out which
way they go (`recipes/branches.py`).

A part of the SDK of extension modules, too, and run there: it imports nothing of ours.

Source: WebAssembly's branch hinting, section `metadata.code.branch_hint`, which stands before the
code: a vector of functions, each its number and a vector of hints: an offset in its body, the
number of bytes that follow, which is 1, and whether the branch is taken.

Invariant: a function's branches are known by its name and its instructions. Another one that has
the same name gets no hints.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECTION = "metadata.code.branch_hint"
NAMES = "name"
PREAMBLE = 8
CUSTOM, TYPE, IMPORT, FUNCTION, MEMORY, CODE = 0, 1, 2, 3, 5, 10
BLOCK, LOOP, IF, ELSE, END, BR_IF = 0x02, 0x03, 0x04, 0x05, 0x0B, 0x0D
BRANCHES = (IF, BR_IF)
UNLIKELY, LIKELY, UNKNOWN = "01."
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


@dataclass(frozen=True)
class Function:
    """shape: of its instructions (`shape`). hints: for each of its branches, in their order,
    UNLIKELY, LIKELY or UNKNOWN."""

    shape: str
    hints: str


# By name; several may share one.
Table = Mapping[str, Sequence[Function]]


def load(text: Mapping[str, Sequence[Sequence[str]]]) -> Table:
    """The table as hints.json has it."""
    return {name: [Function(*entry) for entry in found] for name, found in text.items()}


def hinted(module: bytes, table: Table) -> bytes:
    """The module of a linker with hints, and without its names."""
    names = function_names(module)
    hints = {}
    for body in bodies(module):
        known = table.get(names.get(body.number, ""), ())
        if known:
            own = shape(module, body)
            for function in known:
                if function.shape == own:
                    hints[body.number] = function.hints
    return with_hints(without(module, NAMES), hints)


def with_hints(module: bytes, hints: Mapping[int, str]) -> bytes:
    """The module with a section of hints, in place of one it has. hints: by number of a function,
    as `Function` has them."""
    module = without(module, SECTION)
    found = []
    for body in bodies(module):
        own = hints.get(body.number)
        if own:
            offsets = [at - body.start for opcode, at, _ in instructions(module, body)
                       if opcode in BRANCHES]  # fmt: skip
            given = [(at, hint) for at, hint in zip(offsets, own, strict=True) if hint != UNKNOWN]
            if given:
                entries = (number(at) + b"\x01" + bytes([int(hint)]) for at, hint in given)
                found.append(number(body.number) + number(len(given)) + b"".join(entries))
    name = number(len(SECTION)) + SECTION.encode()
    payload = name + number(len(found)) + b"".join(found)
    code = next(at for kind, at, _, _ in sections(module) if kind == CODE)
    return module[:code] + bytes([CUSTOM]) + number(len(payload)) + payload + module[code:]


def hints_of(module: bytes) -> dict[int, str]:
    """The hints a module has, by number of function."""
    found = custom(module, SECTION)
    if found is None:
        return {}
    at, end = found
    defined = {body.number: body for body in bodies(module)}
    hints = {}
    count, at = read(module, at)
    for _ in range(count):
        function, at = read(module, at)
        given, at = read(module, at)
        by_offset = {}
        for _ in range(given):
            offset, at = read(module, at)
            by_offset[offset] = str(module[at + 1])
            at += 2
        body = defined[function]
        hints[function] = "".join(
            by_offset.get(place - body.start, UNKNOWN)
            for opcode, place, _ in instructions(module, body)
            if opcode in BRANCHES
        )
    assert at == end
    return hints


def shape(module: bytes, body: Body) -> str:
    """Of the instructions of a function, which are the same wherever it is linked to."""
    opcodes = bytes(opcode for opcode, _, _ in instructions(module, body))
    return hashlib.sha256(opcodes).hexdigest()[:16]


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
            imported = _imported(module, at)
        if kind == CODE:
            count, at = read(module, at)
            for position in range(imported, imported + count):
                size, at = read(module, at)
                groups, first = read(module, at)
                for _ in range(groups):
                    first = skip(module, first, 1) + 1
                yield Body(position, at, first, at + size)
                at += size


def _imported(module: bytes, at: int) -> int:
    """How many functions are imported; a box's module imports nothing else."""
    count, at = read(module, at)
    for _ in range(count):
        for _ in range(2):
            size, at = read(module, at)
            at += size
        assert module[at] == 0
        at = skip(module, at + 1, 1)
    return count


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


def all_of(found: Iterable[Function]) -> list[list[str]]:
    """One entry of hints.json."""
    return [[function.shape, function.hints] for function in found]


if __name__ == "__main__":
    _table = load(json.loads(Path(sys.argv[1]).read_text()))
    _module = Path(sys.argv[2])
    _module.write_bytes(hinted(_module.read_bytes(), _table))
