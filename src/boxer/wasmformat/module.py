"""A WebAssembly core module as the list of its sections.

Belongs here: cutting a module into sections and putting sections together. Does not: what the
entries of a section are (`entries`), turning one module into another (`rewrite`).

Source: WebAssembly core specification 2.0, section 5.5; the tag section is of the exception
handling proposal.

Invariants
1. Lossless: `b"".join(Module.parse(data).chunks()) == data` for whatever `parse` accepts.
2. `parse` reads section headers only; entries are decoded when asked for.
3. Payloads are views of the input: a 16 MB module is not copied to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from boxer.errors import DamagedWasmError, NotWasmError
from boxer.wasmformat import writer
from boxer.wasmformat.reader import Buffer, Reader

MAGIC = b"\0asm"
CORE_VERSION = b"\x01\0\0\0"
PREAMBLE = MAGIC + CORE_VERSION


class SectionId(IntEnum):
    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12
    TAG = 13


# The order sections stand in; it is not that of their numbers (section 5.5.2).
ORDER = (
    SectionId.TYPE,
    SectionId.IMPORT,
    SectionId.FUNCTION,
    SectionId.TABLE,
    SectionId.MEMORY,
    SectionId.TAG,
    SectionId.GLOBAL,
    SectionId.EXPORT,
    SectionId.START,
    SectionId.ELEMENT,
    SectionId.DATA_COUNT,
    SectionId.CODE,
    SectionId.DATA,
)
_RANK = {identifier: rank for rank, identifier in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Section:
    """header: the section's number and size as they stand in the file."""

    id: SectionId
    payload: Buffer
    header: bytes

    @classmethod
    def make(cls, identifier: SectionId, payload: Buffer) -> Section:
        return cls(identifier, payload, writer.section_header(identifier, len(payload)))

    @classmethod
    def custom(cls, title: str, contents: Buffer) -> Section:
        return cls.make(SectionId.CUSTOM, writer.custom_payload(title, contents))

    def reader(self) -> Reader:
        return Reader(self.payload, f"the {self.id.name.lower().replace('_', ' ')} section")


@dataclass(frozen=True, slots=True)
class Module:
    sections: tuple[Section, ...]

    @classmethod
    def parse(cls, data: Buffer) -> Module:
        """Cuts a core module into its sections.

        Raises `NotWasmError` for something else than a core module, `DamagedWasmError` for one
        that was cut short, or whose sections are out of order.
        """
        _check_preamble(bytes(data[: len(PREAMBLE)]))
        reader = Reader(data, "the module")
        reader.take(len(PREAMBLE))
        return cls(tuple(_in_order(_sections(reader))))

    def chunks(self) -> Iterator[Buffer]:
        """The file, piece by piece: big pieces are not copied."""
        yield PREAMBLE
        for section in self.sections:
            yield section.header
            yield section.payload

    def emit(self) -> bytes:
        return b"".join(self.chunks())

    def section(self, identifier: SectionId) -> Section | None:
        """The section with that number. For custom sections use `custom`."""
        for section in self.sections:
            if section.id == identifier:
                return section
        return None

    def custom(self, title: str) -> memoryview | None:
        """The contents of the first custom section of that name."""
        for section in self.sections:
            if section.id == SectionId.CUSTOM:
                reader = section.reader()
                if reader.name() == title:
                    return reader.take(len(reader.data) - reader.position)
        return None


def _check_preamble(start: bytes) -> None:
    if start == PREAMBLE:
        return
    if start[:4] != MAGIC:
        raise NotWasmError("The file does not begin like a WebAssembly file.")
    if len(start) < len(PREAMBLE):
        raise DamagedWasmError("The module ends within its first 8 bytes.")
    if start[6:8] == b"\x01\0":  # layer 1: the component model's preamble
        raise NotWasmError("The file is a WebAssembly component, not a core module.")
    raise NotWasmError(f"The file is of an unknown WebAssembly version, `{start[4:8].hex()}`.")


def _sections(reader: Reader) -> Iterator[Section]:
    while not reader.at_end:
        start = reader.position
        identifier = reader.byte()
        if identifier > max(SectionId):
            raise reader.damaged(f"a section of unknown kind `{identifier}`")
        size = reader.unsigned()
        header = bytes(reader.data[start : reader.position])
        yield Section(SectionId(identifier), reader.take(size), header)


def _in_order(sections: Iterator[Section]) -> Iterator[Section]:
    last = -1
    for section in sections:
        if section.id != SectionId.CUSTOM:
            rank = _RANK[section.id]
            if rank <= last:
                what = section.reader().what
                raise DamagedWasmError(
                    f"The module is damaged: {what} stands twice or in the wrong place."
                )
            last = rank
        yield section
