"""Functions whose type is not the one CPython calls them by, repaired in an object.

WebAssembly checks a function's type at every call through a pointer. C code casts: a method without
arguments is written with one parameter, a getter without its closure. On a processor that works;
here the call would trap. CPython's tables say by which type each pointer in them is called, so
where the real type differs a small function of the right type is put between.

Belongs here: finding the pointers in tables of static data, writing those functions. Does not:
tables that a program fills at run time, which cannot be seen.

Invariant: an object whose types are right is not changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from boxer.packages.native.relocatable import (
    Flag,
    Relocatable,
    Relocation,
    RelocationKind,
    Symbol,
    SymbolKind,
)
from boxer.packages.native.tables import promised
from boxer.wasmformat import Reader, Section, SectionId, uleb128

I32 = 0x7F
FUNCTION_TYPE = 0x60
_ZERO = {0x7F: b"\x41\0", 0x7E: b"\x42\0", 0x7D: b"\x43" + bytes(4), 0x7C: b"\x44" + bytes(8)}

Type = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(slots=True)
class Functions:
    """types: of the object, in order. of: the type's number of every function, imports first."""

    types: list[Type] = field(default_factory=list)
    of: list[int] = field(default_factory=list)
    imported: int = 0

    def number(self, wanted: Type) -> int:
        if wanted not in self.types:
            self.types.append(wanted)
        return self.types.index(wanted)


def adapt(parsed: Relocatable) -> int:
    """Repairs the object in place; returns how many adapters it got."""
    code = parsed.section(SectionId.CODE)
    if code is None:
        return 0
    functions = functions_of(parsed)
    made: dict[tuple[int, Type], int] = {}
    bodies: list[tuple[bytes, Relocation]] = []
    old_types = len(functions.types)
    for entry, real, wanted in mismatches(parsed, functions):
        if not _adaptable(real, wanted):
            continue
        key = (entry.symbol, wanted)
        if key not in made:
            bodies.append(_adapter(entry.symbol, real, wanted))
            made[key] = len(parsed.symbols)
            number = len(functions.of)
            functions.of.append(functions.number(wanted))
            name = f"boxer_adapter_{number}"
            parsed.symbols.append(Symbol(SymbolKind.FUNCTION, Flag.LOCAL, name, number))
        entry.symbol = made[key]
    if bodies:
        _write(parsed, functions, old_types, bodies, code)
    return len(bodies)


def mismatches(
    parsed: Relocatable, functions: Functions
) -> Iterator[tuple[Relocation, Type, Type]]:
    """The pointers whose function has another type than it is called by: the place of each, the
    function's type, the one it is called by."""
    data = parsed.section(SectionId.DATA)
    if data is None or data not in parsed.relocations:
        return
    for entry, parameters, results in promised(parsed, data):
        wanted: Type = ((I32,) * parameters, (I32,) * results)
        real = functions.types[functions.of[parsed.symbols[entry.symbol].index]]
        if real != wanted:
            yield entry, real, wanted


def _adaptable(real: Type, wanted: Type) -> bool:
    """Whether the arguments the function looks at are those it is given."""
    shorter = min(len(real[0]), len(wanted[0]))
    return real[0][:shorter] == wanted[0][:shorter]


def _adapter(symbol: int, real: Type, wanted: Type) -> tuple[bytes, Relocation]:
    """A body without its size, and the relocation of its call, counted from the body's start."""
    body = b"\0"
    for number, kind in enumerate(real[0]):
        body += b"\x20" + uleb128(number) if number < len(wanted[0]) else _ZERO[kind]
    relocation = Relocation(RelocationKind.FUNCTION_INDEX_LEB, len(body) + 1, symbol)
    body += b"\x10\x80\x80\x80\x80\0"
    if real[1] != wanted[1]:
        body += b"\x1a" * len(real[1]) + b"".join(_ZERO[kind] for kind in wanted[1])
    return body + b"\x0b", relocation


def functions_of(parsed: Relocatable) -> Functions:
    """The types of an object's functions."""
    found = Functions()
    for section in parsed.sections:
        reader = section.reader()
        if section.id == SectionId.TYPE:
            found.types = [_type(reader) for _ in range(reader.unsigned())]
        elif section.id == SectionId.IMPORT:
            found.of = [n for _ in range(reader.unsigned()) if (n := _import(reader)) is not None]
            found.imported = len(found.of)
        elif section.id == SectionId.FUNCTION:
            found.of += [reader.unsigned() for _ in range(reader.unsigned())]
    return found


def _type(reader: Reader) -> Type:
    if reader.byte() != FUNCTION_TYPE:
        raise reader.damaged("a type that is no function's")
    return tuple(reader.run()), tuple(reader.run())


def _import(reader: Reader) -> int | None:
    """The type's number of an imported function, None for another import."""
    reader.run()
    reader.run()
    kind = reader.byte()
    if kind == 0:
        return reader.unsigned()
    if kind == 1:  # a table: type and limits
        reader.byte()
    if kind in (1, 2):
        has_maximum = reader.byte() & 1
        for _ in range(1 + has_maximum):
            reader.unsigned(64)
    elif kind == 3:
        reader.take(2)
    else:  # a tag
        reader.byte()
        reader.unsigned()
    return None


def _write(
    parsed: Relocatable,
    functions: Functions,
    old_types: int,
    bodies: list[tuple[bytes, Relocation]],
    code: int,
) -> None:
    """Puts new types, functions and bodies behind the object's own."""
    types = parsed.section(SectionId.TYPE)
    declared = parsed.section(SectionId.FUNCTION)
    if types is None or declared is None:
        return
    new_types = b"".join(
        bytes([FUNCTION_TYPE]) + uleb128(len(a)) + bytes(a) + uleb128(len(r)) + bytes(r)
        for a, r in functions.types[old_types:]
    )
    _extend(parsed, types, len(functions.types) - old_types, new_types)
    numbers = b"".join(uleb128(n) for n in functions.of[-len(bodies) :])
    _extend(parsed, declared, len(bodies), numbers)
    end = len(parsed.sections[code].payload)
    added = b""
    new = []
    for body, relocation in bodies:
        head = uleb128(len(body))
        relocation.offset += end + len(added) + len(head)
        new.append(relocation)
        added += head + body
    parsed.relocations.setdefault(code, []).extend(new)
    moved = _extend(parsed, code, len(bodies), added)
    for relocation in parsed.relocations[code]:
        relocation.offset += moved


def _extend(parsed: Relocatable, place: int, count: int, more: bytes) -> int:
    """Adds entries to a section; returns by how much its old ones have moved."""
    section = parsed.sections[place]
    reader = section.reader()
    old = reader.unsigned()
    head = uleb128(old + count)
    payload = head + bytes(reader.data[reader.position :]) + more
    parsed.sections[place] = Section.make(section.id, payload)
    return len(head) - reader.position
