"""A relocatable WebAssembly object as a value: its symbols and relocations, read and written.

Belongs here: the custom sections `linking` and `reloc.*` of the tool conventions. Does not: what is
changed in an object and why (`isolate`, `adapters`).

Source: WebAssembly tool conventions, "Linking" (version 2).

Invariant: symbols keep their order, since relocations name them by number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import (
    Module,
    Reader,
    Section,
    SectionId,
    encode_name,
    sleb128,
    uleb128,
)

VERSION = 2
SYMBOL_TABLE = 8
INIT_FUNCTIONS = 6
COMDATS = 7


class SymbolKind(IntEnum):
    FUNCTION = 0
    DATA = 1
    GLOBAL = 2
    SECTION = 3
    TAG = 4
    TABLE = 5


class Flag(IntFlag):
    WEAK = 0x01
    LOCAL = 0x02
    HIDDEN = 0x04
    UNDEFINED = 0x10
    EXPORTED = 0x20
    EXPLICIT_NAME = 0x40
    NO_STRIP = 0x80


class RelocationKind(IntEnum):
    FUNCTION_INDEX_LEB = 0
    TABLE_INDEX_SLEB = 1
    TABLE_INDEX_I32 = 2
    MEMORY_ADDR_SLEB = 4
    MEMORY_ADDR_I32 = 5
    TYPE_INDEX_LEB = 6
    GLOBAL_INDEX_LEB = 7
    TAG_INDEX_LEB = 10


# Relocations with an addend: of memory addresses, and of offsets in sections and functions.
_WITH_ADDEND = frozenset({3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25})


@dataclass(slots=True)
class Symbol:
    """index: of a function and so on; of data the segment. offset, size: of data only."""

    kind: SymbolKind
    flags: int
    name: str = ""
    index: int = 0
    offset: int = 0
    size: int = 0

    @property
    def defined(self) -> bool:
        return not self.flags & Flag.UNDEFINED


@dataclass(slots=True)
class Relocation:
    kind: int
    offset: int
    symbol: int
    addend: int = 0


@dataclass(slots=True)
class Relocatable:
    """sections: all but `linking` and `reloc.*`. relocations: by the number of their section."""

    sections: list[Section]
    symbols: list[Symbol]
    relocations: dict[int, list[Relocation]]
    others: list[tuple[int, bytes]] = field(default_factory=list)

    @classmethod
    def parse(cls, data: bytes, with_relocations: bool = True) -> Relocatable:
        """Raises `UnsupportedModuleError` for a module that is no relocatable object."""
        sections: list[Section] = []
        symbols: list[Symbol] | None = None
        others: list[tuple[int, bytes]] = []
        relocations: dict[int, list[Relocation]] = {}
        for section in Module.parse(data).sections:
            reader = section.reader()
            title = reader.name() if section.id == SectionId.CUSTOM else ""
            if title == "linking":
                symbols, others = _linking(reader)
            elif title.startswith("reloc."):
                if with_relocations:
                    number, found = _relocations(reader)
                    relocations[number] = found
            else:
                sections.append(section)
        if symbols is None:
            raise UnsupportedModuleError("The module is no relocatable object.")
        return cls(sections, symbols, relocations, others)

    def section(self, identifier: SectionId) -> int | None:
        """The place of a section in `sections`."""
        return next((i for i, s in enumerate(self.sections) if s.id == identifier), None)

    def emit(self) -> bytes:
        table = uleb128(len(self.symbols)) + b"".join(map(_symbol_bytes, self.symbols))
        body = uleb128(VERSION)
        # Init functions are checked against the symbols, so these come first.
        for kind, contents in [(SYMBOL_TABLE, table), *self.others]:
            body += bytes([kind]) + uleb128(len(contents)) + contents
        # Linkers want `linking` and the relocations before all other custom sections.
        plain = [section for section in self.sections if section.id != SectionId.CUSTOM]
        sections = [*plain, Section.custom("linking", body)]
        for number, relocations in sorted(self.relocations.items()):
            entries = b"".join(map(_relocation_bytes, relocations))
            contents = uleb128(number) + uleb128(len(relocations)) + entries
            sections.append(Section.custom(f"reloc.{number}", contents))
        custom = [section for section in self.sections if section.id == SectionId.CUSTOM]
        return Module((*sections, *custom)).emit()


def _linking(reader: Reader) -> tuple[list[Symbol], list[tuple[int, bytes]]]:
    if reader.unsigned() != VERSION:
        raise UnsupportedModuleError("The object is of another version of the tool conventions.")
    symbols: list[Symbol] = []
    others = []
    while not reader.at_end:
        kind = reader.byte()
        contents = bytes(reader.run())
        if kind == SYMBOL_TABLE:
            inner = Reader(contents, "its symbol table")
            symbols = [_symbol(inner) for _ in range(inner.unsigned())]
        else:
            others.append((kind, contents))
    return symbols, others


def _symbol(reader: Reader) -> Symbol:
    kind = SymbolKind(reader.byte())
    symbol = Symbol(kind, reader.unsigned())
    if kind == SymbolKind.DATA:
        symbol.name = reader.name()
        if symbol.defined:
            symbol.index, symbol.offset = reader.unsigned(), reader.unsigned()
            symbol.size = reader.unsigned()
    else:
        symbol.index = reader.unsigned()
        named = symbol.defined or symbol.flags & Flag.EXPLICIT_NAME
        if kind != SymbolKind.SECTION and named:
            symbol.name = reader.name()
    return symbol


def _symbol_bytes(symbol: Symbol) -> bytes:
    head = bytes([symbol.kind]) + uleb128(symbol.flags)
    if symbol.kind == SymbolKind.DATA:
        place = uleb128(symbol.index) + uleb128(symbol.offset) + uleb128(symbol.size)
        return head + encode_name(symbol.name) + (place if symbol.defined else b"")
    head += uleb128(symbol.index)
    named = symbol.defined or symbol.flags & Flag.EXPLICIT_NAME
    return head + (encode_name(symbol.name) if named and symbol.kind != SymbolKind.SECTION else b"")


def _relocations(reader: Reader) -> tuple[int, list[Relocation]]:
    number = reader.unsigned()
    found = []
    for _ in range(reader.unsigned()):
        kind = reader.byte()
        entry = Relocation(kind, reader.unsigned(), reader.unsigned())
        if kind in _WITH_ADDEND:
            entry.addend = reader.signed(64)
        found.append(entry)
    return number, found


def _relocation_bytes(entry: Relocation) -> bytes:
    head = bytes([entry.kind]) + uleb128(entry.offset) + uleb128(entry.symbol)
    return head + (sleb128(entry.addend) if entry.kind in _WITH_ADDEND else b"")
