"""CPython's tables of function pointers in static data, and by which type each is called.

Belongs here: the layouts of PyMethodDef, PyGetSetDef, slots and PyTypeObject of CPython 3.13 on a
machine with pointers of 4 bytes, and recognising them. Does not: what follows (`adapters`).

A table is recognised by its shape: which of its words are addresses of data, of functions, or plain
numbers.

Source: CPython 3.13, Include/methodobject.h, descrobject.h, typeslots.h, cpython/object.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxer.extensions.relocatable import Relocatable, Relocation, RelocationKind, Symbol, SymbolKind
from boxer.wasmformat.reader import Reader

# How many parameters and results; pointers, ints and Py_ssize_t are all i32.
Signature = tuple[int, int]
Promise = tuple[Relocation, int, int]

# METH_VARARGS, KEYWORDS, NOARGS, O, FASTCALL, METHOD; without CLASS, STATIC and COEXIST.
_METHODS = {0x01: 2, 0x03: 3, 0x04: 2, 0x08: 2, 0x80: 3, 0x82: 4, 0x282: 5}
_METHOD_EXTRAS = 0x10 | 0x20 | 0x40


def _table(text: str) -> dict[int, Signature]:
    """`PARAMETERS>RESULTS: NUMBER..` for each signature."""
    found = {}
    for line in text.strip().splitlines():
        head, _, numbers = line.partition(":")
        parameters, _, results = head.partition(">")
        for word in numbers.split():
            first, _, last = word.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[number] = (int(parameters), int(results))
    return found


# PyTypeObject, by word; and the structures that some of its words point at.
_TYPE_BYTES = 52 * 4
_TYPE = _table("""
1>0: 6 40 47 49
1>1: 11 15 17 24 27 28 41
2>1: 8 18 38
3>1: 9 16 19 23 25 34 35 37 39
4>1: 50
""")
_SUITES = {
    10: _table("1>1: 0-2\n3>1: 3"),
    12: _table("2>1: 0-4 11-15 19-22 24-32 34 35\n3>1: 5 23\n1>1: 6-10 16 18 33"),
    13: _table("1>1: 0\n2>1: 1-3 7-9\n3>1: 5"),
    14: _table("1>1: 0\n2>1: 1\n3>1: 2"),
    20: _table("3>1: 0\n2>0: 1"),
}
_NAME_WORD, _FLAGS_WORD = 3, 21
# PyType_Slot and PyModuleDef_Slot, by slot number.
_TYPE_SLOTS = _table("""
1>0: 52 53 74 80
2>0: 2
1>1: 4 6 9 11 13 26 27 30 32 45 51 59 61-63 66 70 77-79
2>1: 5 7 8 10 12 14-19 21-25 28 29 31 34-38 40-44 46 47 57 58 75 76
3>1: 1 3 20 33 39 50 54 55 60 65 67-69 71 81
""")
_MODULE_SLOTS: dict[int, Signature] = {1: (2, 1), 2: (1, 1)}
_LAST_SLOT = 81


@dataclass(frozen=True, slots=True)
class _Data:
    """The data section's bytes, where its segments begin, and its relocations by place."""

    payload: memoryview
    starts: list[int]
    at: Mapping[int, Relocation]
    symbols: list[Symbol]

    def number(self, place: int) -> int | None:
        """A plain number, None where an address stands or the data ends."""
        if place in self.at or not 0 <= place <= len(self.payload) - 4:
            return None
        return int(struct.unpack_from("<I", self.payload, place)[0])

    def function(self, place: int) -> Relocation | None:
        entry = self.at.get(place)
        return entry if entry and entry.kind == RelocationKind.TABLE_INDEX_I32 else None

    def address(self, place: int) -> Relocation | None:
        entry = self.at.get(place)
        return entry if entry and entry.kind == RelocationKind.MEMORY_ADDR_I32 else None

    def place(self, symbol: Symbol) -> int | None:
        if symbol.kind != SymbolKind.DATA or not symbol.defined or symbol.index >= len(self.starts):
            return None
        return self.starts[symbol.index] + symbol.offset


def promised(parsed: Relocatable, section: int) -> Iterator[Promise]:
    """The relocations of function pointers CPython calls, with parameters and results."""
    data = _read(parsed, section)
    for place, entry in data.at.items():
        if entry.kind == RelocationKind.TABLE_INDEX_I32:
            signature = _method(data, place) or _getter_or_setter(data, place)
            if signature:
                yield entry, *signature
    for symbol in parsed.symbols:
        start = data.place(symbol)
        if start is not None and symbol.size >= 8:
            yield from _type(data, start, symbol.size)
            yield from _slots(data, start, symbol.size)


def _read(parsed: Relocatable, section: int) -> _Data:
    reader = parsed.sections[section].reader()
    starts = []
    for _ in range(reader.unsigned()):
        flags = reader.unsigned()
        if flags == 2:
            reader.unsigned()
        if flags != 1:
            _skip_expression(reader)
        size = reader.unsigned()
        starts.append(reader.position)
        reader.take(size)
    at = {entry.offset: entry for entry in parsed.relocations[section]}
    return _Data(reader.data, starts, at, parsed.symbols)


def _skip_expression(reader: Reader) -> None:
    while (opcode := reader.byte()) != 0x0B:
        if opcode in (0x41, 0x42):
            reader.signed(64)
        elif opcode == 0x23:
            reader.unsigned()


def _method(data: _Data, place: int) -> Signature | None:
    """PyMethodDef: name, function, flags, documentation."""
    flags = data.number(place + 4)
    if not data.address(place - 4) or not flags:
        return None
    if data.number(place + 8) not in (None, 0) or data.function(place + 8):
        return None
    parameters = _METHODS.get(flags & ~_METHOD_EXTRAS)
    return (parameters, 1) if parameters else None


def _getter_or_setter(data: _Data, place: int) -> Signature | None:
    """PyGetSetDef: name, getter, setter, documentation, closure."""
    if data.address(place - 4) and _ends_getset(data, place + 4):
        return (2, 1)
    getter = data.function(place - 4) is not None or data.number(place - 4) == 0
    if getter and data.address(place - 8) and _ends_getset(data, place):
        return (3, 1)
    return None


def _ends_getset(data: _Data, setter: int) -> bool:
    """Whether a setter or none is here, and behind it a documentation or none."""
    is_setter = data.function(setter) is not None or data.number(setter) == 0
    return is_setter and (bool(data.address(setter + 4)) or data.number(setter + 4) == 0)


def _type(data: _Data, start: int, size: int) -> Iterator[Promise]:
    named = data.address(start + 4 * _NAME_WORD) and not data.function(start + 4 * _FLAGS_WORD)
    if size != _TYPE_BYTES or not named or data.number(start) is None:
        return
    yield from _words(data, start, _TYPE)
    for word, suite in _SUITES.items():
        pointer = data.address(start + 4 * word)
        below = data.place(data.symbols[pointer.symbol]) if pointer else None
        if pointer and below is not None:
            yield from _words(data, below + pointer.addend, suite)


def _words(data: _Data, start: int, table: Mapping[int, Signature]) -> Iterator[Promise]:
    for word, signature in table.items():
        entry = data.function(start + 4 * word)
        if entry:
            yield entry, *signature


def _slots(data: _Data, start: int, size: int) -> Iterator[Promise]:
    """An array of pairs of a number and an address, ended by zeroes."""
    numbers = [data.number(place) for place in range(start, start + size - 7, 8)]
    known = [number for number in numbers if number is not None]
    if size % 8 or len(known) != len(numbers) or not known or known[-1] != 0:
        return
    if data.number(start + size - 4) != 0 or max(known) > _LAST_SLOT or 0 in known[:-1]:
        return
    table = _MODULE_SLOTS if max(known) <= 4 else _TYPE_SLOTS
    for place, number in zip(range(start, start + size, 8), known, strict=True):
        entry = data.function(place + 4)
        if entry and number in table:
            yield entry, *table[number]
