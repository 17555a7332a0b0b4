"""The binary encoding of WebAssembly's numbers, names and sections.

Belongs here: the shortest encoding of each (specification 2.0, sections 5.2 to 5.5). Does not:
what is encoded.

Invariant: for equal values the bytes are equal, so whole files are reproducible.
"""

from __future__ import annotations

from boxer.wasmformat.reader import Buffer


def uleb128(value: int) -> bytes:
    """Unsigned LEB128."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def sleb128(value: int) -> bytes:
    """Signed LEB128."""
    encoded = bytearray()
    while not -0x40 <= value < 0x40:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value & 0x7F)
    return bytes(encoded)


def encode_name(text: str) -> bytes:
    encoded = text.encode("utf-8")
    return uleb128(len(encoded)) + encoded


def section_header(identifier: int, size: int) -> bytes:
    return bytes([identifier]) + uleb128(size)


def custom_payload(title: str, contents: Buffer) -> bytes:
    return encode_name(title) + bytes(contents)
