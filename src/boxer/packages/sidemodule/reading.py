"""What a side module says of itself: types, imports, functions, elements, data.

Belongs here: its sections as values. Does not: the instructions in its functions (`instructions`).

Source: WebAssembly tool conventions, "Dynamic Linking" (`dylink.0`); core specification 3.0, 5.5.

Invariant: every number that names a type, function or global of the module is in range.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxer.errors import UnsupportedModuleError
from boxer.wasmformat import Kind, Module, Reader, SectionId

SECTION = "dylink.0"
FUNCTION_TYPE = 0x60
# More memory than this is no extension module's; a box has 4 GiB in all.
MOST_MEMORY = 1 << 26
_MEMORY_INFO, _NEEDED = 1, 2
_GLOBAL_GET, _END = 0x23, 0x0B
_REFUSED = {
    SectionId.TABLE: "a table",
    SectionId.MEMORY: "a memory",
    SectionId.TAG: "exceptions of its own",
    SectionId.GLOBAL: "globals",
}

FunctionType = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(slots=True)
class SideModule:
    """imported: names of functions and their types' numbers. defined: the types' numbers of its own
    ones. globals: the module (`env`, `GOT.mem`, `GOT.func`) and name of each. tags: name and type's
    number. data, alignment: its memory, and the power of two its address is a multiple of.
    """

    types: list[FunctionType] = field(default_factory=list)
    imported: list[tuple[str, int]] = field(default_factory=list)
    defined: list[int] = field(default_factory=list)
    globals: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[str, int]] = field(default_factory=list)
    exported: dict[str, int] = field(default_factory=dict)
    start: int | None = None
    elements: list[int] = field(default_factory=list)
    bodies: list[memoryview] = field(default_factory=list)
    data: bytes = b""
    memory_size: int = 0
    alignment: int = 0

    def type_of(self, function: int) -> FunctionType:
        own = function - len(self.imported)
        return self.types[self.defined[own] if own >= 0 else self.imported[function][1]]


def read(data: bytes) -> SideModule:
    """Raises `DamagedWasmError`, and `UnsupportedModuleError` for what no known wheel has."""
    module = Module.parse(data)
    told = module.custom(SECTION)
    if told is None:
        raise UnsupportedModuleError("The module is no shared library.")
    found = SideModule()
    _dylink(found, Reader(told, "its dylink section"))
    for section in module.sections:
        if section.id in _REFUSED:
            raise UnsupportedModuleError(f"The module defines {_REFUSED[section.id]}.")
        reader = section.reader()
        handle = _HANDLERS.get(section.id)
        if handle is not None:
            handle(found, reader)
            reader.finish()
    if len(found.bodies) != len(found.defined):
        raise UnsupportedModuleError("The module has another number of functions than it declares.")
    found.data += bytes(found.memory_size - len(found.data))
    return found


def _dylink(found: SideModule, reader: Reader) -> None:
    while not reader.at_end:
        kind = reader.byte()
        part = Reader(reader.run(), reader.what)
        if kind == _MEMORY_INFO:
            found.memory_size, found.alignment = part.unsigned(), part.unsigned()
        elif kind == _NEEDED and part.unsigned():
            raise UnsupportedModuleError(f"The module needs another library, `{part.name()}`.")
    if found.memory_size > MOST_MEMORY or found.alignment > 16:
        raise UnsupportedModuleError("The module wants more memory than an extension module has.")


def _types(found: SideModule, reader: Reader) -> None:
    for _ in range(reader.unsigned()):
        if reader.byte() != FUNCTION_TYPE:
            raise reader.damaged("a type that is no function's")
        found.types.append((tuple(reader.run()), tuple(reader.run())))


def _imports(found: SideModule, reader: Reader) -> None:
    for _ in range(reader.unsigned()):
        module, name, kind = reader.name(), reader.name(), reader.byte()
        if kind == Kind.FUNCTION:
            found.imported.append((name, _type_number(found, reader)))
        elif kind == Kind.GLOBAL:
            reader.take(2)
            found.globals.append((module, name))
        elif kind == Kind.TAG:
            reader.byte()
            found.tags.append((name, _type_number(found, reader)))
        elif kind in (Kind.TABLE, Kind.MEMORY):
            if kind == Kind.TABLE:
                reader.byte()
            flags = reader.byte()
            if flags > 1:
                raise UnsupportedModuleError("The module is made for threads or 64-bit memory.")
            for _ in range(1 + flags):
                reader.unsigned()
        else:
            raise reader.damaged(f"an import of unknown kind `{kind}`")


def _type_number(found: SideModule, reader: Reader) -> int:
    number = reader.unsigned()
    if number >= len(found.types):
        raise reader.damaged("a type that is not there")
    return number


def _functions(found: SideModule, reader: Reader) -> None:
    found.defined = [_type_number(found, reader) for _ in range(reader.unsigned())]


def _function_number(found: SideModule, reader: Reader) -> int:
    number = reader.unsigned()
    if number >= len(found.imported) + len(found.defined):
        raise reader.damaged("a function that is not there")
    return number


def _exports(found: SideModule, reader: Reader) -> None:
    for _ in range(reader.unsigned()):
        name, kind = reader.name(), reader.byte()
        if kind == Kind.FUNCTION:
            found.exported[name] = _function_number(found, reader)
        else:
            reader.unsigned()


def _start(found: SideModule, reader: Reader) -> None:
    found.start = _function_number(found, reader)


def _elements(found: SideModule, reader: Reader) -> None:
    if reader.unsigned() != 1 or reader.unsigned() != 0 or reader.byte() != _GLOBAL_GET:
        raise UnsupportedModuleError("The module fills its table in a way that is not known.")
    _base(found, reader, "__table_base")
    found.elements = [_function_number(found, reader) for _ in range(reader.unsigned())]


def _base(found: SideModule, reader: Reader, name: str) -> None:
    """Reads the rest of `global.get NAME end`."""
    number = reader.unsigned()
    known = number < len(found.globals) and found.globals[number] == ("env", name)
    if not known or reader.byte() != _END:
        raise UnsupportedModuleError(f"The module has contents that do not begin at `{name}`.")


def _code(found: SideModule, reader: Reader) -> None:
    found.bodies = [reader.run() for _ in range(reader.unsigned())]


def _data(found: SideModule, reader: Reader) -> None:
    if reader.unsigned() != 1 or reader.unsigned() != 0 or reader.byte() != _GLOBAL_GET:
        raise UnsupportedModuleError("The module fills its memory in a way that is not known.")
    _base(found, reader, "__memory_base")
    found.data = bytes(reader.run())
    if len(found.data) > found.memory_size:
        raise reader.damaged("more data than the module has memory")


_HANDLERS = {
    SectionId.TYPE: _types,
    SectionId.IMPORT: _imports,
    SectionId.FUNCTION: _functions,
    SectionId.EXPORT: _exports,
    SectionId.START: _start,
    SectionId.ELEMENT: _elements,
    SectionId.CODE: _code,
    SectionId.DATA: _data,
}
