"""The object of one extension module or C program, made ready to be linked beside any others.

Belongs here: which of its names others see. Does not: bytes (`relocatable`), function types
(`adapters`).

Invariants
1. After it, the only names an object defines for others are new ones, of its init function and its
   constructors, as dlopen with RTLD_LOCAL has it: two modules that carry the same library do not
   clash.
2. What the object needs from outside stays undefined, to be found in the interpreter.
3. Constructors are no longer called when the program starts, before there is a Python: who imports
   the module calls them first, as dlopen does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from boxer.errors import NativePackageError
from boxer.packages.native.adapters import adapt
from boxer.packages.native.relocatable import (
    COMDATS,
    INIT_FUNCTIONS,
    Flag,
    Relocatable,
    Symbol,
    SymbolKind,
)
from boxer.wasmformat import Reader


def init_name(module: str) -> str:
    """The name an extension's init function gets: one that C cannot clash with by accident."""
    return f"boxer_init_{hashlib.sha256(module.encode()).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class Isolated:
    """data: the object. constructors: what to call before its init function, in this order."""

    data: bytes
    constructors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartedProgram:
    """A program's object. main: the name its main function got; arity: how many parameters that
    takes. constructors: what to call before it, in this order."""

    data: bytes
    main: str
    arity: int
    constructors: tuple[str, ...]


def isolate_program(data: bytes, name: str, path: str) -> StartedProgram:
    """The object of a C program, with everything local but what starts it. path: for messages.

    Raises `NativePackageError` for an object without a main function.
    """
    parsed = Relocatable.parse(data)
    main, arity = _main_symbol(parsed, path)
    new = name.replace("-", "_")
    own = _isolated(parsed, main, new)
    return StartedProgram(own.data, new, arity, own.constructors)


def isolate(data: bytes, module: str) -> Isolated:
    """The object of `module`, a dotted name, with everything local but what starts it.

    Raises `NativePackageError` for an object that has no such function.
    """
    parsed = Relocatable.parse(data)
    return _isolated(parsed, _init_symbol(parsed, module), init_name(module))


def _isolated(parsed: Relocatable, init: Symbol, name: str) -> Isolated:
    for symbol in parsed.symbols:
        if symbol.defined and symbol.kind != SymbolKind.SECTION:
            kept = symbol.flags & ~(Flag.WEAK | Flag.EXPORTED | Flag.HIDDEN)
            symbol.flags = kept | Flag.LOCAL
    init.flags &= ~Flag.LOCAL
    init.name = name
    constructors = _constructors(parsed, init.name)
    # A linker keeps one of equal groups; the functions of these are nobody else's any more.
    done = (COMDATS, INIT_FUNCTIONS)
    parsed.others = [entry for entry in parsed.others if entry[0] not in done]
    adapt(parsed)
    return Isolated(parsed.emit(), constructors)


def _constructors(parsed: Relocatable, prefix: str) -> tuple[str, ...]:
    """Gives the functions that C++ and C want called at the start names that others see."""
    found: list[tuple[int, int]] = []
    for kind, contents in parsed.others:
        if kind == INIT_FUNCTIONS:
            reader = Reader(contents, "its constructors")
            found += [(reader.unsigned(), reader.unsigned()) for _ in range(reader.unsigned())]
    names: list[str] = []
    for _, number in sorted(found, key=lambda entry: entry[0]):
        symbol = parsed.symbols[number]
        if symbol.flags & Flag.LOCAL:
            symbol.flags &= ~Flag.LOCAL
            symbol.name = f"{prefix}_{len(names)}"
        names.append(symbol.name)
    return tuple(names)


# clang's names of main with two and without parameters; with three it keeps its own, which without
# any it has too, as another function.
_MAINS = {"__main_argc_argv": 2, "__main_void": 0, "main": 3}


def _main_symbol(parsed: Relocatable, path: str) -> tuple[Symbol, int]:
    functions = (s for s in parsed.symbols if s.kind == SymbolKind.FUNCTION and s.defined)
    named = {symbol.name: symbol for symbol in functions if symbol.name in _MAINS}
    for name, arity in _MAINS.items():
        if name in named:
            return named[name], arity
    raise NativePackageError(
        f"`{path}` is to be linked with the box's program, and its object has no `main`.",
        hint="Compile it again with this version of Boxer.",
    )


def _init_symbol(parsed: Relocatable, module: str) -> Symbol:
    package, _, last = module.rpartition(".")
    if last == "__init__":
        raise NativePackageError(
            f"`{package}` is a package whose own module is native code, with no `__init__.py` "
            "beside it: a box imports packages in Python only.",
            hint="Take a version of it, or a build, that has its source beside its code.",
        )
    wanted = f"PyInit_{last}"
    for symbol in parsed.symbols:
        if symbol.kind == SymbolKind.FUNCTION and symbol.defined and symbol.name == wanted:
            return symbol
    raise NativePackageError(
        f"`{module}` is no extension module: its file has no function `{wanted}`.",
        hint="Build its package again: `boxer wheel PACKAGE`.",
    )
