"""The entries of the sections Boxer looks into: imports, memories, globals, exports, data.

Belongs here: decoding and encoding them. Does not: functions, which Boxer moves but never reads.

Source: WebAssembly core specification 2.0, sections 5.3 to 5.5; extended constant expressions are
those of the proposal of that name.

Invariant: a declared count only bounds a loop; every entry takes at least one byte, so a loop ends
with the section's bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import writer
from boxer.wasmformat.module import Module, SectionId
from boxer.wasmformat.reader import Buffer, Reader

PAGE = 65536
MOST_PAGES = 65536  # a 32-bit memory
# Of one section, in what is looked into here; an entry of a few bytes takes a hundred in memory.
# Engines refuse more data segments, too (the JavaScript API's limits).
MOST_ENTRIES = 100_000


class Kind(IntEnum):
    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3
    TAG = 4


@dataclass(frozen=True, slots=True)
class Import:
    module: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Export:
    name: str
    kind: Kind
    index: int


@dataclass(frozen=True, slots=True)
class MemoryType:
    """Sizes in pages of 64 KiB. maximum: None = as large as the host lets it be."""

    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Global:
    """value: what it begins with, if that is a single i32 or i64 constant, else None."""

    mutable: bool
    value: int | None


@dataclass(frozen=True, slots=True)
class DataSegment:
    """Bytes that belong at `offset` of the memory."""

    offset: int
    data: Buffer

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


def imports(module: Module) -> tuple[Import, ...]:
    return tuple(_import(reader) for reader in _items(module, SectionId.IMPORT))


def exports(module: Module) -> tuple[Export, ...]:
    return tuple(_export(reader) for reader in _items(module, SectionId.EXPORT))


def memory(module: Module) -> MemoryType:
    """The module's own memory. Raises `UnsupportedModuleError` unless there is exactly one."""
    memories = [_memory_type(reader) for reader in _items(module, SectionId.MEMORY)]
    if len(memories) != 1 or any(entry.kind == Kind.MEMORY for entry in imports(module)):
        raise UnsupportedModuleError("The module does not define exactly one memory of its own.")
    return memories[0]


def constant(module: Module, name: str) -> int | None:
    """The value of the constant i32 or i64 global exported as `name`, None without such a one."""
    for export in exports(module):
        if export.name == name and export.kind == Kind.GLOBAL:
            imported = sum(entry.kind == Kind.GLOBAL for entry in imports(module))
            defined = [_global(reader) for reader in _items(module, SectionId.GLOBAL)]
            position = export.index - imported
            found = defined[position] if 0 <= position < len(defined) else None
            return None if found is None or found.mutable else found.value
    return None


def stack_size(module: Module) -> int:
    """The size of a stack that lies below everything else, 0 where there is none.

    That is what wasm-ld makes with --stack-first: global 0 is the stack pointer, it begins where
    the data begins, and the stack grows from there down to address 0.
    """
    first = next((_global(reader) for reader in _items(module, SectionId.GLOBAL)), None)
    if first is None or not first.mutable or not first.value or first.value < 0:
        return 0
    lowest = min((segment.offset for segment in data_segments(module)), default=0)
    return first.value if lowest >= first.value else 0


def data_segments(module: Module) -> tuple[DataSegment, ...]:
    """The active segments, in file order (a later one overwrites an earlier one).

    Raises `UnsupportedModuleError` for passive segments: code that asks for them could not be
    parted from its data.
    """
    return tuple(_data_segment(reader) for reader in _items(module, SectionId.DATA))


def encode_exports(entries: Iterable[Export]) -> bytes:
    return _vector(
        writer.encode_name(entry.name) + bytes([entry.kind]) + writer.uleb128(entry.index)
        for entry in entries
    )


def encode_memory(memory_type: MemoryType) -> bytes:
    sizes = writer.uleb128(memory_type.minimum)
    if memory_type.maximum is None:
        return b"\x01\x00" + sizes
    return b"\x01\x01" + sizes + writer.uleb128(memory_type.maximum)


def encode_data(segments: Iterable[DataSegment]) -> bytes:
    parts: list[Buffer] = []
    count = 0
    for segment in segments:
        parts += [_segment_head(segment), segment.data]
        count += 1
    return b"".join([writer.uleb128(count), *parts])


def _segment_head(segment: DataSegment) -> bytes:
    # i32.const takes a signed number: addresses from 2 GiB up are written as negative ones.
    offset = segment.offset - (1 << 32 if segment.offset >= 1 << 31 else 0)
    return b"\x00\x41" + writer.sleb128(offset) + b"\x0b" + writer.uleb128(len(segment.data))


def _vector(items: Iterable[bytes]) -> bytes:
    encoded = list(items)
    return b"".join([writer.uleb128(len(encoded)), *encoded])


def _items(module: Module, identifier: SectionId) -> Iterator[Reader]:
    """Yields the section's reader once for each entry; the caller reads one entry each time."""
    section = module.section(identifier)
    if section is None:
        return
    reader = section.reader()
    count = reader.unsigned()
    if count > MOST_ENTRIES:
        raise reader.damaged(f"`{count}` entries, more than any module has,")
    for _ in range(count):
        yield reader
    reader.finish()


def _kind(reader: Reader) -> Kind:
    value = reader.byte()
    if value > max(Kind):
        raise reader.damaged(f"an entry of unknown kind `{value}`")
    return Kind(value)


def _import(reader: Reader) -> Import:
    entry = Import(reader.name(), reader.name(), _kind(reader))
    if entry.kind == Kind.FUNCTION:
        reader.unsigned()
    elif entry.kind == Kind.TABLE:
        _value_type(reader)
        _limits(reader)
    elif entry.kind == Kind.MEMORY:
        _memory_type(reader)
    elif entry.kind == Kind.GLOBAL:
        _value_type(reader)
        reader.byte()
    else:
        reader.byte()
        reader.unsigned()
    return entry


def _export(reader: Reader) -> Export:
    return Export(reader.name(), _kind(reader), reader.unsigned())


def _value_type(reader: Reader) -> None:
    if reader.byte() in (0x63, 0x64):  # a typed reference: a heap type follows
        reader.signed(33)


def _limits(reader: Reader) -> tuple[int, int | None]:
    flags = reader.byte()
    if flags > 1:
        raise UnsupportedModuleError(
            "The module has a shared or a 64-bit memory or table; a box has 32-bit ones of its own."
        )
    return reader.unsigned(), reader.unsigned() if flags else None


def _memory_type(reader: Reader) -> MemoryType:
    minimum, maximum = _limits(reader)
    if max(minimum, maximum or 0) > MOST_PAGES:
        raise reader.damaged("a memory of more than 4 GiB")
    return MemoryType(minimum, maximum)


def _global(reader: Reader) -> Global:
    _value_type(reader)
    mutable = reader.byte() == 1
    return Global(mutable, _constant_expression(reader))


def _constant_expression(reader: Reader) -> int | None:
    """Reads to the end of the expression; its value if it is a single integer constant."""
    values: list[int | None] = []
    while (opcode := reader.byte()) != 0x0B:
        values.append(_constant_instruction(reader, opcode))
    return values[0] if len(values) == 1 else None


def _constant_instruction(reader: Reader, opcode: int) -> int | None:
    if opcode == 0x41:  # i32.const
        return reader.signed(32)
    if opcode == 0x42:  # i64.const
        return reader.signed(64)
    if opcode in (0x43, 0x44):  # f32.const, f64.const
        reader.take(4 if opcode == 0x43 else 8)
    elif opcode in (0x23, 0xD2):  # global.get, ref.func
        reader.unsigned()
    elif opcode == 0xD0:  # ref.null
        reader.signed(33)
    elif opcode == 0xFD and reader.unsigned() == 12:  # v128.const
        reader.take(16)
    elif opcode not in (0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E):  # i32 and i64 add, sub, mul
        raise reader.damaged(f"instruction `{opcode:#x}` in a constant expression")
    return None


def _data_segment(reader: Reader) -> DataSegment:
    flags = reader.unsigned()
    if flags == 1:
        raise UnsupportedModuleError("The module has passive data segments.")
    if flags > 2 or (flags == 2 and reader.unsigned() != 0):
        raise reader.damaged("a data segment for an unknown memory")
    offset = _constant_expression(reader)
    if offset is None or not -(1 << 31) <= offset < 1 << 31:
        raise UnsupportedModuleError("A data segment whose address is not a constant.")
    return DataSegment(offset & 0xFFFFFFFF, reader.run())
