"""What a C program carries of itself to be linked into another module: its own object.

Belongs here: where the object lies and how the program is named. Does not: making it
(`toolchain`, `recipes/extension/driver.py`), linking it (`packages/native`).

A program is a module with kernel and libc; a box whose base has a program of its own, such as
Python, cannot run a second module. So the linker's relocatable output, without the machine, lies in
a custom section in front of all others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from boxer.errors import DamagedWasmError, NotWasmError
from boxer.wasmformat.module import Module
from boxer.wasmformat.reader import Buffer
from boxer.wasmformat.rewrite import with_custom, without_custom

SECTION = "boxer.object"


@dataclass(frozen=True, slots=True)
class Linkable:
    """name: what the machine finds the program by. data: the relocatable object."""

    name: str
    data: bytes


def with_object(program: Buffer, data: bytes) -> bytes:
    """The program with its object in it."""
    return with_custom(Module.parse(program), SECTION, data).emit()


def without_object(program: Buffer) -> bytes:
    """The program alone: what a box holds whose module it is."""
    return without_custom(Module.parse(program), SECTION).emit()


def object_of(program: Buffer) -> Linkable | None:
    """The object of a program; None for a file that carries none, or is damaged."""
    try:
        module = Module.parse(program)
    except (DamagedWasmError, NotWasmError):
        return None
    data = module.custom(SECTION)
    if data is None:
        return None
    return Linkable("program-" + hashlib.sha256(data).hexdigest()[:24], bytes(data))
