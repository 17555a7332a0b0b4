"""A bounds-checked cursor over WebAssembly bytes.

Belongs here: LEB128 numbers, names, byte runs. Does not: what they mean in a section.

Source: WebAssembly core specification 2.0, section 5 (binary format).

Invariants
1. A read past the end raises `DamagedWasmError`; nothing is allocated from a size that was not
   first compared with the bytes that are there.
2. Byte runs are views of the input, never copies.
"""

from __future__ import annotations

from boxer.errors import DamagedWasmError

Buffer = bytes | bytearray | memoryview


class Reader:
    """Reads `data` from the start; `what` names it in error messages."""

    __slots__ = ("data", "position", "what")

    def __init__(self, data: Buffer, what: str) -> None:
        self.data = memoryview(data)
        self.position = 0
        self.what = what

    def damaged(self, reason: str) -> DamagedWasmError:
        return DamagedWasmError(
            f"The module is damaged: {reason} at byte {self.position} of {self.what}."
        )

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.data)

    def byte(self) -> int:
        if self.at_end:
            raise self.damaged("the bytes end too early")
        value = self.data[self.position]
        self.position += 1
        return value

    def take(self, size: int) -> memoryview:
        end = self.position + size
        if end > len(self.data):
            raise self.damaged("the bytes end too early")
        run = self.data[self.position : end]
        self.position = end
        return run

    def unsigned(self, bits: int = 32) -> int:
        """An unsigned LEB128 number of at most `bits` bits (section 5.2.2)."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if value >> bits:
                raise self.damaged("a number is too large")
            if byte < 0x80:
                return value
            if shift >= bits:
                raise self.damaged("a number is too long")

    def signed(self, bits: int) -> int:
        """A signed LEB128 number of at most `bits` bits."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                raise self.damaged("a number is too long")
        if byte & 0x40:
            value -= 1 << shift
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise self.damaged("a number is too large")
        return value

    def run(self) -> memoryview:
        """A byte run with its size in front."""
        return self.take(self.unsigned())

    def name(self) -> str:
        try:
            return bytes(self.run()).decode("utf-8")
        except UnicodeDecodeError:
            raise self.damaged("a name is not valid UTF-8") from None

    def finish(self) -> None:
        """Raises unless everything was read."""
        if not self.at_end:
            raise self.damaged("bytes are left over")
