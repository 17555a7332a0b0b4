"""The boot block: sixteen words in the base's data that tell the kernel what lies where.

Belongs here: the block as a value, written and read. Does not: its layout (`boxer.abi`), choosing
the places (`initialmemory`).
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.abi import BOOT, BOOT_MAGIC, KERNEL_ABI, BootField, Phase
from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import Buffer

# The global that holds the block's address.
SYMBOL = "boxer_boot"
SIZE = BOOT.size
# The fields behind `heap` belong to calls of a machine that runs.
_OF_CALLS = len(BootField) - 7


@dataclass(frozen=True, slots=True)
class BootBlock:
    """Addresses are offsets in linear memory, 0 = not there; sizes are in bytes."""

    abi: int = KERNEL_ABI
    phase: int = Phase.COLD
    tree: int = 0
    tree_size: int = 0
    config: int = 0
    config_size: int = 0
    heap: int = 0

    def encode(self) -> bytes:
        words = (self.abi, self.phase, self.tree, self.tree_size, self.config, self.config_size)
        return BOOT.pack(BOOT_MAGIC, *words, self.heap, *(0,) * _OF_CALLS)

    @classmethod
    def decode(cls, data: Buffer) -> BootBlock:
        """Raises `UnsupportedModuleError` for what is no boot block of a kernel known here."""
        if len(data) != SIZE or bytes(data[:8]) != BOOT_MAGIC:
            raise UnsupportedModuleError("The module has no boot block where it says it has one.")
        block = cls(*BOOT.unpack(data)[1:-_OF_CALLS])
        if block.abi != KERNEL_ABI:
            raise UnsupportedModuleError(
                f"The module's kernel has ABI `{block.abi}`; this Boxer knows {KERNEL_ABI}.",
                hint="Install or make a base of this version; `boxer bases` says what there is.",
            )
        return block
