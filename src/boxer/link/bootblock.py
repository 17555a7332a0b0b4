"""The boot block: sixteen words in the base's data that tell the kernel what lies where.

Belongs here: the layout of guest/include/boxer/boot.h (`struct boxer_boot`). Does not: choosing
the places (`machine`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import Buffer

KERNEL_ABI = 1
COLD, FROZEN = 0, 1
MAGIC = b"BXBOOT01"
# The global that holds the block's address.
SYMBOL = "boxer_boot"
BLOCK = struct.Struct("<8s8I24x")
SIZE = 64


@dataclass(frozen=True, slots=True)
class BootBlock:
    """Addresses are offsets in linear memory, 0 = not there; sizes are in bytes."""

    abi: int = KERNEL_ABI
    phase: int = COLD
    tree: int = 0
    tree_size: int = 0
    config: int = 0
    config_size: int = 0
    heap: int = 0

    def encode(self) -> bytes:
        words = (self.abi, self.phase, self.tree, self.tree_size, self.config, self.config_size)
        return BLOCK.pack(MAGIC, *words, self.heap, 0)

    @classmethod
    def decode(cls, data: Buffer) -> BootBlock:
        """Raises `UnsupportedModuleError` for what is no boot block of a kernel known here."""
        if len(data) != SIZE or bytes(data[:8]) != MAGIC:
            raise UnsupportedModuleError("The module has no boot block where it says it has one.")
        _, *words, _ = BLOCK.unpack(data)
        block = cls(*words)
        if block.abi != KERNEL_ABI:
            raise UnsupportedModuleError(
                f"The module's kernel has ABI `{block.abi}`; this Boxer knows {KERNEL_ABI}.",
                hint="Make the base again: `make bases`.",
            )
        return block
