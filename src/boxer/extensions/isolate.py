"""One extension module's object, made ready to be linked beside any others.

Belongs here: which of its names others see. Does not: bytes (`relocatable`), function types
(`adapters`).

Invariants
1. After it, the only name an object defines for others is its init function's new one, as dlopen
   with RTLD_LOCAL has it: two modules that carry the same library do not clash.
2. What the object needs from outside stays undefined, to be found in the interpreter.
"""

from __future__ import annotations

import hashlib

from boxer.errors import NativePackageError
from boxer.extensions.adapters import adapt
from boxer.extensions.relocatable import COMDATS, Flag, Relocatable, Symbol, SymbolKind


def init_name(module: str) -> str:
    """The name an extension's init function gets: one that C cannot clash with by accident."""
    return f"boxer_init_{hashlib.sha256(module.encode()).hexdigest()[:24]}"


def isolate(data: bytes, module: str) -> bytes:
    """The object of `module`, a dotted name, with everything local but its init function.

    Raises `NativePackageError` for an object that has no such function.
    """
    parsed = Relocatable.parse(data)
    init = _init_symbol(parsed, module)
    for symbol in parsed.symbols:
        if symbol.defined and symbol.kind != SymbolKind.SECTION:
            kept = symbol.flags & ~(Flag.WEAK | Flag.EXPORTED | Flag.HIDDEN)
            symbol.flags = kept | Flag.LOCAL
    init.flags &= ~Flag.LOCAL
    init.name = init_name(module)
    # A linker keeps one of equal groups; the functions of these are nobody else's any more.
    parsed.others = [entry for entry in parsed.others if entry[0] != COMDATS]
    adapt(parsed)
    return parsed.emit()


def _init_symbol(parsed: Relocatable, module: str) -> Symbol:
    wanted = f"PyInit_{module.rpartition('.')[2]}"
    for symbol in parsed.symbols:
        if symbol.kind == SymbolKind.FUNCTION and symbol.defined and symbol.name == wanted:
            return symbol
    raise NativePackageError(
        f"`{module}` is no extension module: its file has no function `{wanted}`.",
        hint="Build its package again: `boxer wheel PACKAGE`.",
    )
