"""The sections of the object, encoded.

Belongs here: bytes. Does not: what is in them (`conversion`).

Source: WebAssembly tool conventions, "Linking"; core specification 3.0, section 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from boxer.packages.native.relocatable import Relocation, RelocationKind
from boxer.packages.sidemodule.code import Output, Surroundings
from boxer.packages.sidemodule.instructions import EMPTY, I32, Op
from boxer.packages.sidemodule.reading import FUNCTION_TYPE, FunctionType
from boxer.wasmformat import Kind, encode_name, sleb128, uleb128

_SEGMENT_INFO, _INIT_FUNCTIONS = 5, 6
# Of init functions: before those that have no priority of their own (65535).
_FIRST_PRIORITY = 100
_I32_SUB, _I32_NE, _UNREACHABLE = 0x6B, 0x47, 0x00


def vector(items: Iterable[bytes]) -> bytes:
    encoded = list(items)
    return uleb128(len(encoded)) + b"".join(encoded)


def types(found: Sequence[FunctionType]) -> bytes:
    return vector(
        bytes([FUNCTION_TYPE]) + uleb128(len(a)) + bytes(a) + uleb128(len(r)) + bytes(r)
        for a, r in found
    )


def imports(functions: Sequence[tuple[str, int]], tags: Sequence[tuple[str, int]]) -> bytes:
    """What every object imports, and these."""
    head = encode_name("env")
    entries = [head + encode_name("__linear_memory") + bytes([Kind.MEMORY, 0, 0])]
    entries.append(
        head + encode_name("__indirect_function_table") + bytes([Kind.TABLE, 0x70, 0, 0])
    )
    entries.append(head + encode_name("__stack_pointer") + bytes([Kind.GLOBAL, I32, 1]))
    for title, kind in functions:
        entries.append(head + encode_name(title) + bytes([Kind.FUNCTION]) + uleb128(kind))
    for title, kind in tags:
        entries.append(head + encode_name(title) + bytes([Kind.TAG, 0]) + uleb128(kind))
    return vector(entries)


def code(bodies: Sequence[Output], heads: Sequence[bytes]) -> tuple[bytes, list[Relocation]]:
    """The section, and the relocations of all functions counted from its start."""
    text = bytearray(uleb128(len(bodies)))
    found = []
    for output, head in zip(bodies, heads, strict=True):
        text += uleb128(len(head) + len(output.text)) + head
        for relocation in output.relocations:
            relocation.offset += len(text)
        found += output.relocations
        text += output.text
    return bytes(text), found


def data(contents: bytes, array_size: int) -> tuple[bytes, int]:
    """The section with the module's memory and an array, and where in it the array begins."""
    at_zero = b"\0\x41\0\x0b"
    head = uleb128(2) + at_zero + uleb128(len(contents)) + contents
    head += at_zero + uleb128(array_size)
    return head + bytes(array_size), len(head)


def segments(alignment: int) -> tuple[int, bytes]:
    """Names and alignments of the two segments, for the linking section."""
    entries = [(".data.boxer_side", alignment), (".data.boxer_side_table", 2)]
    return _SEGMENT_INFO, vector(
        encode_name(title) + uleb128(power) + uleb128(0) for title, power in entries
    )


def init_functions(symbols: Sequence[int]) -> tuple[int, bytes]:
    """Functions to be called before all others, in this order."""
    return _INIT_FUNCTIONS, vector(
        uleb128(_FIRST_PRIORITY + place) + uleb128(symbol) for place, symbol in enumerate(symbols)
    )


def check(count: int, array: int, about: Surroundings) -> Output:
    """A function that traps unless the array's first `count` entries are consecutive numbers."""
    output = Output(about)
    address = RelocationKind.MEMORY_ADDR_SLEB
    for place in range(1, count):
        output.refer(Op.I32_CONST, address, array, 4 * place)
        output.text += bytes([Op.I32_LOAD, 2, 0])
        output.refer(Op.I32_CONST, address, array)
        output.text += bytes([Op.I32_LOAD, 2, 0, _I32_SUB, Op.I32_CONST]) + sleb128(place)
        output.text += bytes([_I32_NE, Op.IF, EMPTY, _UNREACHABLE, Op.END])
    output.text.append(Op.END)
    return output
