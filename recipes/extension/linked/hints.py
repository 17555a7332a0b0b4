"""Which way branches go: an engine puts what is rarely reached out of the way of what is often.

Belongs here: what is known of the interpreter's branches (`hints.json`), and the custom section
that tells an engine of them. Does not: finding out which way they go (`recipes/branches.py`).

Source: WebAssembly's branch hinting, section `metadata.code.branch_hint`, which stands before the
code: a vector of functions, each its number and a vector of hints: an offset in its body, the
number of bytes that follow, which is 1, and whether the branch is taken.

Invariant: a function's branches are known by its name and its instructions. Another one that has
the same name gets no hints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import wasm

SECTION = "metadata.code.branch_hint"
UNLIKELY, LIKELY, UNKNOWN = "01."


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
    names = wasm.function_names(module)
    hints = {}
    for body in wasm.bodies(module):
        known = table.get(names.get(body.number, ""), ())
        if known:
            own = shape(module, body)
            for function in known:
                if function.shape == own:
                    hints[body.number] = function.hints
    return with_hints(wasm.without(module, wasm.NAMES), hints)


def with_hints(module: bytes, hints: Mapping[int, str]) -> bytes:
    """The module with a section of hints, in place of one it has. hints: by number of a function,
    as `Function` has them."""
    module = wasm.without(module, SECTION)
    found = []
    for body in wasm.bodies(module):
        own = hints.get(body.number)
        if own:
            offsets = [at - body.start for at in _branches(module, body)]
            given = [(at, hint) for at, hint in zip(offsets, own, strict=True) if hint != UNKNOWN]
            if given:
                entries = (wasm.number(at) + b"\x01" + bytes([int(hint)]) for at, hint in given)
                found.append(wasm.number(body.number) + wasm.number(len(given)) + b"".join(entries))
    name = wasm.number(len(SECTION)) + SECTION.encode()
    payload = name + wasm.number(len(found)) + b"".join(found)
    code = next(at for kind, at, _, _ in wasm.sections(module) if kind == wasm.CODE)
    section = bytes([wasm.CUSTOM]) + wasm.number(len(payload)) + payload
    return module[:code] + section + module[code:]


def hints_of(module: bytes) -> dict[int, str]:
    """The hints a module has, by number of function."""
    found = wasm.custom(module, SECTION)
    if found is None:
        return {}
    at, end = found
    defined = {body.number: body for body in wasm.bodies(module)}
    hints = {}
    count, at = wasm.read(module, at)
    for _ in range(count):
        function, at = wasm.read(module, at)
        given, at = wasm.read(module, at)
        by_offset = {}
        for _ in range(given):
            offset, at = wasm.read(module, at)
            by_offset[offset] = str(module[at + 1])
            at += 2
        body = defined[function]
        places = (place - body.start for place in _branches(module, body))
        hints[function] = "".join(by_offset.get(place, UNKNOWN) for place in places)
    assert at == end
    return hints


def _branches(module: bytes, body: wasm.Body) -> list[int]:
    """Where each branch of the function stands."""
    found = wasm.instructions(module, body)
    return [at for opcode, at, _ in found if opcode in wasm.BRANCHES]


def shape(module: bytes, body: wasm.Body) -> str:
    """Of the instructions of a function, which are the same wherever it is linked to."""
    opcodes = bytes(opcode for opcode, _, _ in wasm.instructions(module, body))
    return hashlib.sha256(opcodes).hexdigest()[:16]


def all_of(found: Iterable[Function]) -> list[list[str]]:
    """One entry of hints.json."""
    return [[function.shape, function.hints] for function in found]
