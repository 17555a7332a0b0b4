"""A side module's parts put together as a relocatable object.

Belongs here: symbols, elements, sections. Does not: instructions (`code`, `exceptions`).

A side module gets a range of the table, in the order of its elements, and counts from
`__table_base`. A linker gives table entries in the order it meets relocations that ask for them,
object by object, code before data. So code asks for the first element only, which is what stands
for `__table_base`, and an array in the data asks for all, in their order.

Invariants
1. Elements are functions of the object itself, each its own: the object gets them entries nobody
   had before, one after the other. The object checks that when it starts.
2. Its memory is filled by its own functions before any other of it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from boxer.errors import UnsupportedModuleError
from boxer.packages.native.relocatable import (
    Flag,
    Relocatable,
    Relocation,
    RelocationKind,
    Symbol,
    SymbolKind,
)
from boxer.packages.sidemodule import sections
from boxer.packages.sidemodule.code import Output, Reference, Surroundings, locals_head
from boxer.packages.sidemodule.exceptions import EXNREF, rewritten
from boxer.packages.sidemodule.instructions import Op, instructions, locals_of
from boxer.packages.sidemodule.reading import SECTION, FunctionType, SideModule, read
from boxer.wasmformat import Section, SectionId, uleb128

STARTERS = ("__wasm_apply_data_relocs", "__wasm_call_ctors")
# An i32.load, aligned, without offset.
_LOAD = bytes([Op.I32_LOAD, 2, 0])

SignatureOf = Callable[[str], FunctionType | None]


def is_side_module(data: bytes) -> bool:
    """Whether a file is a shared library of WebAssembly (it says so in its first section)."""
    return data[:4] == b"\0asm" and SECTION.encode() in data[8:32]


def converted(data: bytes, signature_of: SignatureOf) -> bytes:
    """The object of a side module.

    signature_of: the type of a function elsewhere, asked for those whose address alone is taken.
    Raises `DamagedWasmError`, `UnsupportedModuleError`.
    """
    return _Conversion(read(data), signature_of).object().emit()


@dataclass(slots=True)
class _Conversion:
    side: SideModule
    signature_of: SignatureOf
    types: list[FunctionType] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    declared: list[int] = field(default_factory=list)
    imported: list[tuple[str, int]] = field(default_factory=list)
    bodies: list[Output] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    def object(self) -> Relocatable:
        side = self.side
        self.types = list(side.types)
        pointed_at = [name for module, name in side.globals if module == "GOT.func"]
        self._import_functions(pointed_at)
        self._define_functions()
        stack = self._add(SymbolKind.GLOBAL, Flag.UNDEFINED, "__stack_pointer")
        tags = [
            (self._add(SymbolKind.TAG, Flag.UNDEFINED, name, n), self.types[kind][0])
            for n, (name, kind) in enumerate(side.tags)
        ]
        memory = self._data("boxer_side_data", 0, len(side.data))
        array = self._data("boxer_side_table", 1, 4 * (len(side.elements) + len(pointed_at)))
        thunks: list[int] = []
        elements = self._elements(thunks)
        reads = self._reads(stack, memory, array, elements, pointed_at)
        pointer = next((n for n, (_, x) in enumerate(side.globals) if x == "__stack_pointer"), None)
        about = Surroundings(self.functions, reads, pointer, tags, side.types, self._number_of)
        for number, body in enumerate(side.bodies):
            self._body(body, side.defined[number], about)
        for target in thunks:
            self._thunk(target, about)
        starters = self._starters(elements, array, about)
        pointers = elements + [self._imported_symbol(name) for name in pointed_at]
        return self._assembled(memory, pointers, starters)

    def _add(self, kind: SymbolKind, flags: Flag, name: str, index: int = 0) -> int:
        self.symbols.append(Symbol(kind, flags, name, index))
        return len(self.symbols) - 1

    def _data(self, name: str, segment: int, size: int) -> int:
        number = self._add(SymbolKind.DATA, Flag.LOCAL, name, segment)
        self.symbols[number].size = size
        return number

    def _number_of(self, wanted: FunctionType) -> int:
        if wanted not in self.types:
            self.types.append(wanted)
        return self.types.index(wanted)

    def _import_functions(self, pointed_at: list[str]) -> None:
        self.imported = list(self.side.imported)
        known = dict(self.imported)
        for name in pointed_at:
            if name not in known and name not in self.side.exported:
                found = self.signature_of(name)
                if found is None:
                    raise UnsupportedModuleError(f"The module takes the address of `{name}`.")
                self.imported.append((name, self._number_of(found)))
        for number, (name, _) in enumerate(self.imported):
            symbol = self._add(SymbolKind.FUNCTION, Flag.UNDEFINED, name, number)
            if number < len(self.side.imported):
                self.functions.append(symbol)

    def _define_functions(self) -> None:
        names = {number: name for name, number in self.side.exported.items()}
        for number, kind in enumerate(self.side.defined):
            name = names.get(number + len(self.side.imported), f"boxer_side_{number}")
            self.functions.append(self._define(name, kind))

    def _define(self, name: str, kind: int) -> int:
        number = len(self.imported) + len(self.declared)
        self.declared.append(kind)
        return self._add(SymbolKind.FUNCTION, Flag.LOCAL, name, number)

    def _elements(self, thunks: list[int]) -> list[int]:
        """The symbols of the elements; for what has to be called through another function, the
        number of that which is meant is added to `thunks`."""
        seen = set(range(len(self.side.imported)))
        found = []
        for number in self.side.elements:
            if number in seen:
                kind = self._number_of(self.side.type_of(number))
                found.append(self._define(f"boxer_side_thunk_{len(thunks)}", kind))
                thunks.append(number)
            else:
                seen.add(number)
                found.append(self.functions[number])
        return found

    def _imported_symbol(self, name: str) -> int:
        if name in self.side.exported:
            return self.functions[self.side.exported[name]]
        return next(n for n, (other, _) in enumerate(self.imported) if other == name)

    def _reads(
        self, stack: int, memory: int, array: int, elements: list[int], pointed_at: list[str]
    ) -> list[Reference]:
        """What takes the place of each global."""
        address = RelocationKind.MEMORY_ADDR_SLEB
        own = {
            "__stack_pointer": Reference(Op.GLOBAL_GET, RelocationKind.GLOBAL_INDEX_LEB, stack),
            "__memory_base": Reference(Op.I32_CONST, address, memory),
        }
        if elements:
            table = RelocationKind.TABLE_INDEX_SLEB
            own["__table_base"] = Reference(Op.I32_CONST, table, elements[0])
        found = []
        for module, name in self.side.globals:
            if module == "GOT.mem":
                symbol = self._add(SymbolKind.DATA, Flag.UNDEFINED, name)
                found.append(Reference(Op.I32_CONST, address, symbol))
            elif module == "GOT.func":
                place = 4 * (len(elements) + pointed_at.index(name))
                found.append(Reference(Op.I32_CONST, address, array, place, _LOAD))
            elif module == "env" and name in own:
                found.append(own[name])
            else:
                raise UnsupportedModuleError(f"The module reads the global `{module}.{name}`.")
        return found

    def _body(self, body: memoryview, kind: int, about: Surroundings) -> None:
        groups, start = locals_of(body)
        output = Output(about)
        found = list(instructions(body, start, labels=False))
        if any(one.op == Op.TRY for one in found):
            found = list(instructions(body, start, labels=True))
            first = len(self.side.types[kind][0]) + sum(count for count, _ in groups)
            kept = rewritten(found, output, first)
            if kept:
                groups.append((kept, EXNREF))
        else:
            for one in found:
                output.instruction(one)
        self._finish(output, locals_head(groups))

    def _finish(self, output: Output, head: bytes) -> None:
        self.bodies.append(output)
        self.heads.append(head)

    def _thunk(self, target: int, about: Surroundings) -> None:
        output = Output(about)
        for number in range(len(self.side.type_of(target)[0])):
            output.text += bytes([Op.LOCAL_GET]) + uleb128(number)
        symbol = self.functions[target]
        output.refer(Op.CALL, RelocationKind.FUNCTION_INDEX_LEB, symbol)
        output.text.append(Op.END)
        self._finish(output, b"\0")

    def _starters(self, elements: list[int], array: int, about: Surroundings) -> list[int]:
        """What runs before anything else of the object, in this order."""
        side = self.side
        found = [] if side.start is None else [self.functions[side.start]]
        if elements:
            found.insert(0, self._define("boxer_side_check", self._number_of(((), ()))))
            self._finish(sections.check(len(elements), array, about), b"\0")
        for name in STARTERS:
            if name in side.exported:
                found.append(self.functions[side.exported[name]])
        return found

    def _assembled(self, memory: int, pointers: list[int], starters: list[int]) -> Relocatable:
        side = self.side
        code, relocations = sections.code(self.bodies, self.heads)
        array = [
            Relocation(RelocationKind.TABLE_INDEX_I32, 4 * number, symbol)
            for number, symbol in enumerate(pointers)
        ]
        data, begin = sections.data(side.data, 4 * len(pointers))
        for relocation in array:
            relocation.offset += begin
        tags = [(name, kind) for name, kind in side.tags]
        parts = [
            Section.make(SectionId.TYPE, sections.types(self.types)),
            Section.make(SectionId.IMPORT, sections.imports(self.imported, tags)),
            Section.make(SectionId.FUNCTION, sections.vector(map(uleb128, self.declared))),
            Section.make(SectionId.DATA_COUNT, uleb128(2)),
            Section.make(SectionId.CODE, code),
            Section.make(SectionId.DATA, data),
        ]
        others = [sections.segments(side.alignment), sections.init_functions(starters)]
        return Relocatable(parts, self.symbols, {4: relocations, 5: array}, others)
