"""A machine before its first instruction: the base's memory with a tree and a config in it.

Belongs here: where things lie. Does not: their bytes (`treeimage`, `config`, `bootblock`), running
the machine (`preinit`, `runtime`).

    0        base data, stack    boot block somewhere in it
    align64k(__heap_base)        tree image
    (8-aligned)                  machine config
    (4096-aligned)               heap, at least SPARE bytes of it

Invariants
1. Nothing of the base's data changes but the boot block.
2. The memory is large enough for the kernel to boot without growing it.
"""

from __future__ import annotations

from boxer.boxfile import MemoryImage, Segment
from boxer.errors import TooLargeError, UnsupportedModuleError
from boxer.link import bootblock
from boxer.link.bootblock import BootBlock
from boxer.wasmformat import (
    MOST_PAGES,
    PAGE,
    Module,
    constant,
    data_segments,
    initial_segments,
    memory,
)

HEAP_BASE = "__heap_base"
HEAP_ALIGNMENT = 4096
SPARE = 1 << 20


def constants_end(module: Module) -> int:
    """The address where data ends that is never written to, which no program's memory begins
    without; 0: it is not known."""
    # LLD puts .rodata first, into a segment of its own.
    segments = data_segments(module)
    return segments[0].end if len(segments) > 1 else 0


def initial_memory(module: Module, tree: bytes, config: bytes) -> MemoryImage:
    """The memory a machine starts with. tree, config: see `tree_image`, `machine_config`.

    Raises `UnsupportedModuleError` for a module that is no base, `TooLargeError` where the tree
    does not fit.
    """
    tree_at = _aligned(_global(module, HEAP_BASE), PAGE)
    config_at = _aligned(tree_at + len(tree), 8)
    heap = _aligned(config_at + len(config), HEAP_ALIGNMENT)
    size = max(_aligned(heap + SPARE, PAGE), memory(module).minimum * PAGE)
    if size > MOST_PAGES * PAGE:
        raise TooLargeError(f"The files of the box need `{size}` bytes of memory; a box has 4 GiB.")
    base = _base_data(module)
    boot_at = _global(module, bootblock.SYMBOL)
    _boot(base, boot_at, BootBlock(
        tree=tree_at, tree_size=len(tree), config=config_at, config_size=len(config), heap=heap
    ))  # fmt: skip
    segments = [Segment(0, bytes(base)), Segment(tree_at, tree), Segment(config_at, config)]
    return MemoryImage(size, tuple(s for s in segments if len(s.data)))


def _base_data(module: Module) -> bytearray:
    """The base's data as one run from address 0. Its stack, left of it, is zero and costs nothing
    once the finished memory is cut into segments."""
    segments = initial_segments(module)
    data = bytearray(max((segment.end for segment in segments), default=0))
    for segment in segments:
        data[segment.offset : segment.end] = segment.data
    if len(data) > _global(module, HEAP_BASE):
        raise UnsupportedModuleError("The module's data reaches beyond its `__heap_base`.")
    return data


def _boot(base: bytearray, address: int, block: BootBlock) -> None:
    place = slice(address, address + bootblock.SIZE)
    base += bytes(max(0, place.stop - len(base)))  # the linker may leave trailing zeros out
    if BootBlock.decode(base[place]) != BootBlock():
        raise UnsupportedModuleError("The module has been linked or frozen before.")
    base[place] = block.encode()


def _global(module: Module, name: str) -> int:
    value = constant(module, name)
    if not value:
        raise UnsupportedModuleError(f"The module exports no constant global `{name}`.")
    return value & 0xFFFFFFFF  # an i32 constant is read as a signed number


def _aligned(value: int, alignment: int) -> int:
    return value + -value % alignment
