"""CPython's tables of function pointers in static data, and by which type each is called.

Belongs here: the layouts of PyMethodDef, PyGetSetDef, PyType_Spec, PyModuleDef and PyTypeObject
on a machine with pointers of 4 bytes, and recognising them. Does not: what follows
(`adapters`).

Invariant: a table is recognised as a whole, from the start of a symbol to its end: the size, and
which of its words are addresses of data, of functions, or plain numbers. An array of slots is one
only where a type's or a module's description points at it: other libraries have arrays like it.

Source: CPython, Include/methodobject.h, descrobject.h, moduleobject.h, typeslots.h,
cpython/object.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxer.packages.native.relocatable import (
    Relocatable,
    Relocation,
    RelocationKind,
    Symbol,
    SymbolKind,
)
from boxer.wasmformat import Reader

# How many parameters and results; pointers, ints and Py_ssize_t are all i32.
Signature = tuple[int, int]
Promise = tuple[Relocation, int, int]

# METH_VARARGS, KEYWORDS, NOARGS, O, FASTCALL, METHOD; without CLASS, STATIC and COEXIST.
_METHODS = {0x01: 2, 0x03: 3, 0x04: 2, 0x08: 2, 0x80: 3, 0x82: 4, 0x282: 5}
_METHOD_EXTRAS = 0x10 | 0x20 | 0x40
_METHOD_BYTES, _GETSET_BYTES, _SPEC_BYTES = 4 * 4, 5 * 4, 5 * 4


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
# PyModuleDef: its head is five words; name, documentation, size, methods, slots and what follows.
_MODULE_BYTES = 13 * 4
_MODULE = _table("3>1: 10\n1>1: 11\n1>0: 12")
_MODULE_NAME_WORD, _MODULE_SLOTS_WORD = 5, 9
# PyType_Slot and PyModuleDef_Slot, by slot number.
_TYPE_SLOTS = _table("""
1>0: 52 53 74 80
2>0: 2
1>1: 4 6 9 11 13 26 27 30 32 45 51 59 61-63 66 70 77-79
2>1: 5 7 8 10 12 14-19 21-25 28 29 31 34-38 40-44 46 47 57 58 75 76
3>1: 1 3 20 33 39 50 54 55 60 65 67-69 71 81
""")
_MODULE_SLOTS: dict[int, Signature] = {1: (2, 1), 2: (1, 1)}
_MOST_SLOTS = 200


@dataclass(frozen=True, slots=True)
class Data:
    """The data section's bytes, where its segments begin, and its relocations by place."""

    payload: memoryview
    starts: list[int]
    at: Mapping[int, Relocation]
    symbols: list[Symbol]

    @classmethod
    def read(cls, parsed: Relocatable, section: int) -> Data:
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
        return cls(reader.data, starts, at, parsed.symbols)

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

    def text(self, place: int) -> bool:
        """Whether a pointer to data or none is here."""
        return self.address(place) is not None or self.number(place) == 0

    def target(self, place: int) -> int | None:
        """Where the address that stands here leads to; None where none does."""
        entry = self.address(place)
        below = self.place(self.symbols[entry.symbol]) if entry else None
        return below + entry.addend if entry and below is not None else None

    def is_zero(self, place: int, size: int) -> bool:
        return all(self.number(word) == 0 for word in range(place, place + size, 4))

    def place(self, symbol: Symbol) -> int | None:
        """Where a symbol's data begins; None for what is elsewhere or no data."""
        if symbol.kind != SymbolKind.DATA or not symbol.defined or symbol.index >= len(self.starts):
            return None
        return self.starts[symbol.index] + symbol.offset


def promised(parsed: Relocatable, section: int) -> Iterator[Promise]:
    """The relocations of function pointers CPython calls, with parameters and results."""
    data = Data.read(parsed, section)
    for symbol in parsed.symbols:
        start = data.place(symbol)
        if start is None:
            continue
        if symbol.size == _TYPE_BYTES:
            yield from _type(data, start)
        elif symbol.size == _MODULE_BYTES:
            yield from _module(data, start)
        if symbol.size and symbol.size % _METHOD_BYTES == 0:
            yield from _methods(data, start, symbol.size)
        if symbol.size and symbol.size % _GETSET_BYTES == 0:
            yield from _attributes(data, start, symbol.size)
            yield from _specs(data, start, symbol.size)


def _skip_expression(reader: Reader) -> None:
    while (opcode := reader.byte()) != 0x0B:
        if opcode in (0x41, 0x42):
            reader.signed(64)
        elif opcode == 0x23:
            reader.unsigned()


def _methods(data: Data, start: int, size: int) -> list[Promise]:
    """PyMethodDef: name, function, flags, documentation. One alone, or an array, ended by one
    without name and function: its flags are no matter, and `_decimal` gives some."""
    found: list[Promise] = []
    places = range(start, start + size, _METHOD_BYTES)
    for place in places:
        if place == places[-1] and place > start and data.is_zero(place, 8):
            return found
        function, flags = data.function(place + 4), data.number(place + 8)
        parameters = _METHODS.get(flags & ~_METHOD_EXTRAS) if flags else None
        if not (data.address(place) and function and parameters and data.text(place + 12)):
            return []
        found.append((function, parameters, 1))
    return found if size == _METHOD_BYTES else []


def _attributes(data: Data, start: int, size: int) -> list[Promise]:
    """An array of PyGetSetDef: name, getter, setter, documentation, closure; zeroes end it."""
    found: list[Promise] = []
    *places, last = range(start, start + size, _GETSET_BYTES)
    if not data.is_zero(last, _GETSET_BYTES):
        return []
    for place in places:
        getter, setter = data.function(place + 4), data.function(place + 8)
        absent = [word for word in (4, 8) if data.number(place + word) == 0]
        known = (getter is not None) + (setter is not None) + len(absent) == 2
        if not (data.address(place) and known and data.text(place + 12)):
            return []
        found += [(getter, 2, 1)] if getter else []
        found += [(setter, 3, 1)] if setter else []
    return found


def _specs(data: Data, start: int, size: int) -> Iterator[Promise]:
    """PyType_Spec, one or several: name, size, size of items, flags, slots."""
    for place in range(start, start + size, _SPEC_BYTES):
        numbers = [data.number(place + word) for word in (4, 8, 12)]
        if not data.address(place) or None in numbers:
            return
        yield from _slots(data, data.target(place + 16), _TYPE_SLOTS)


def _module(data: Data, start: int) -> Iterator[Promise]:
    if data.address(start + 4 * _MODULE_NAME_WORD):
        yield from _argv(data, start, _MODULE)
        yield from _slots(data, data.target(start + 4 * _MODULE_SLOTS_WORD), _MODULE_SLOTS)


def _slots(data: Data, start: int | None, table: Mapping[int, Signature]) -> list[Promise]:
    """An array of pairs of a number and an address, ended by zeroes."""
    found: list[Promise] = []
    for place in range(start, start + 8 * _MOST_SLOTS, 8) if start is not None else ():
        number = data.number(place)
        if number is None:
            return []
        if number == 0:
            return found
        function = data.function(place + 4)
        if function and number in table:
            found.append((function, *table[number]))
    return []


def _type(data: Data, start: int) -> Iterator[Promise]:
    named = data.address(start + 4 * _NAME_WORD) and not data.function(start + 4 * _FLAGS_WORD)
    if not named or data.number(start) is None:
        return
    yield from _argv(data, start, _TYPE)
    for word, suite in _SUITES.items():
        below = data.target(start + 4 * word)
        if below is not None:
            yield from _argv(data, below, suite)


def _argv(data: Data, start: int, table: Mapping[int, Signature]) -> Iterator[Promise]:
    for word, signature in table.items():
        entry = data.function(start + 4 * word)
        if entry:
            yield entry, *signature
