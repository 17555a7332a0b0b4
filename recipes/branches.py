"""Which way the interpreter's branches go: it is run once more, with a counter at each of them.

LLVM knows it too, from its own counters, but writes nothing of it into a module. The counters here
are put into the module that was linked, as code of its functions.

Belongs here: counting, and what follows from counts. Does not: what is run (`training`), the form
of what is found (`extension/linked/hints.py`).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from recipes.extension.linked import hints, wasm
from recipes.extension.linked.hints import LIKELY, UNKNOWN, UNLIKELY, Function
from recipes.extension.linked.wasm import BLOCK, BRANCHES, ELSE, END, IF, LOOP, Body

COUNTER = 8  # bytes
# A way that is taken more rarely than this is unlikely.
RARE = 0.01
# Of functions whose branches were met less often than this nothing is said: they stay small.
OFTEN = 5000
I32 = 0x7F


@dataclass(frozen=True)
class Counting:
    """A module that counts. bytes: of counters, from the address it was made for."""

    module: bytes
    bytes: int


def counting(module: bytes, address: int) -> Counting:
    """The module with counters: of each branch, how often it was met and how often taken; of each
    block, how often its end was reached; of each loop, how often its start was."""
    counters = 0
    parts = []
    types, numbers = wasm.types(module), wasm.type_numbers(module)
    for body in wasm.bodies(module):
        groups, _ = wasm.read(module, body.start)
        # One local more: the condition of a branch.
        parameters, _ = types[numbers[body.number]]
        condition = wasm.number(len(parameters) + _locals(module, body))
        head = wasm.number(groups + 1) + module[wasm.skip(module, body.start, 1) : body.first]
        code = bytearray(head + bytes([1, I32]))
        copied = body.first
        depth = 0
        for opcode, start, end in wasm.instructions(module, body):
            if opcode in BRANCHES:
                met, taken = (address + COUNTER * (counters + n) for n in range(2))
                code += module[copied:start] + b"\x22" + condition
                code += _add(met, b"\x42\x01")
                code += _add(taken, b"\x20" + condition + b"\x45\x45\xad")
                copied = start
                counters += 2
            if opcode in (BLOCK, LOOP, IF):
                depth += 1
            if opcode == END:
                depth -= 1
            if opcode == LOOP or (opcode == END and depth >= 0):
                code += module[copied:end] + _add(address + COUNTER * counters, b"\x42\x01")
                copied = end
                counters += 1
        code += module[copied : body.end]
        parts.append(wasm.number(len(code)) + code)
    content = wasm.number(len(parts)) + b"".join(parts)
    kind, at, _, end = next(s for s in wasm.sections(module) if s[0] == wasm.CODE)
    section = bytes([kind]) + wasm.number(len(content)) + content
    return Counting(module[:at] + section + module[end:], COUNTER * counters)


def _add(address: int, value: bytes) -> bytes:
    """Code that adds what `value` computes to a counter."""
    place = b"\x41" + _signed(address)
    return place + place + b"\x29\x03\x00" + value + b"\x7c\x37\x03\x00"


def _locals(module: bytes, body: Body) -> int:
    groups, at = wasm.read(module, body.start)
    total = 0
    for _ in range(groups):
        count, at = wasm.read(module, at)
        total += count
        at += 1
    return total


def _signed(address: int) -> bytes:
    """As signed LEB128."""
    encoded = bytearray()
    while address >= 0x40:
        encoded.append(address & 0x7F | 0x80)
        address >>= 7
    encoded.append(address)
    return bytes(encoded)


def table(module: bytes, counted: bytes) -> dict[str, list[list[str]]]:
    """What is known of the branches of the module's functions, as hints.json has it. module:
    without counters, with names; counted: the counters of `counting`'s module."""
    counters = array("Q", counted)
    names = wasm.function_names(module)
    found: dict[str, list[list[str]]] = {}
    place = 0
    for body in wasm.bodies(module):
        branches, place = _branches(module, body, counters, place)
        if max((branch.met for branch in branches), default=0) < OFTEN:
            continue
        text = "".join(_hint(branch) for branch in branches)
        if text.strip(UNKNOWN):
            function = Function(hints.shape(module, body), text)
            known = found.setdefault(names[body.number], [])
            known += hints.all_of([function])
    return dict(sorted(found.items()))


@dataclass
class _Label:
    """Where branches go to. reached: how often what follows it was run."""

    opcode: int
    reached: int = 0
    otherwise: bool = False  # an `if` that has an `else`


@dataclass
class _Branch:
    met: int
    taken: int
    label: _Label | None  # None: the end of the function
    opcode: int


def _branches(
    module: bytes, body: Body, counters: array[int], place: int
) -> tuple[list[_Branch], int]:
    found: list[_Branch] = []
    labels: list[_Label] = []
    for opcode, start, _ in wasm.instructions(module, body):
        if opcode in (BLOCK, LOOP, IF):
            labels.append(_Label(opcode))
        if opcode in BRANCHES:
            depth = 0 if opcode == IF else wasm.read(module, start + 1)[0]
            label = labels[-1 - depth] if depth < len(labels) else None
            found.append(_Branch(counters[place], counters[place + 1], label, opcode))
            place += 2
        if opcode == LOOP:
            labels[-1].reached = counters[place]
            place += 1
        if opcode == ELSE:
            labels[-1].otherwise = True
        if opcode == END and labels:
            label = labels.pop()
            if label.opcode != LOOP:
                label.reached = counters[place]
            place += 1
    return found, place


def _hint(branch: _Branch) -> str:
    """An engine puts the way that is unlikely aside, and with it all that comes that way."""
    rare = RARE * branch.met
    label = branch.label
    if branch.opcode == IF:
        if branch.taken <= rare:
            return UNLIKELY
        assert label is not None
        return LIKELY if label.otherwise and branch.met - branch.taken <= rare else UNKNOWN
    if branch.met and branch.met - branch.taken <= rare:
        return LIKELY
    aside = branch.taken <= rare and label is not None and label.reached <= rare
    return UNLIKELY if aside else UNKNOWN
