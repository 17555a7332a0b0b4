"""Side modules of Emscripten: what their code does stays the same, and damage is an error."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import Config, Engine, Func, Instance, Module, Store

from boxer.errors import BoxerError, DamagedWasmError, UnsupportedModuleError
from boxer.packages.native.relocatable import Relocatable, RelocationKind, SymbolKind
from boxer.packages.sidemodule import converted, is_side_module
from boxer.packages.sidemodule.code import Output, Surroundings, locals_head
from boxer.packages.sidemodule.exceptions import EXNREF, rewritten
from boxer.packages.sidemodule.instructions import instructions
from boxer.packages.sidemodule.reading import FunctionType
from boxer.wasmformat import Kind, Section, SectionId, imports
from boxer.wasmformat import Module as Parsed
from boxer.wasmformat.writer import encode_name, uleb128

I32 = 0x7F
TO_NUMBER: FunctionType = ((I32,), (I32,))
WITH_NUMBER: FunctionType = ((I32,), ())
# Instructions.
END, DROP, ADD = b"\x0b", b"\x1a", b"\x6a"
TRY_NUMBER, TRY, BLOCK = b"\x06\x7f", b"\x06\x40", b"\x02\x40"
CATCH, CATCH_ALL = b"\x07\0", b"\x19"
ARGUMENT = b"\x20\0"


def const(value: int) -> bytes:
    return b"\x41" + bytes([value])


def throw(value: int) -> bytes:
    return const(value) + b"\x08\0"


def rethrow(depth: int) -> bytes:
    return b"\x09" + bytes([depth])


def delegate(depth: int) -> bytes:
    return b"\x18" + bytes([depth])


def branch(depth: int) -> bytes:
    return b"\x0c" + bytes([depth])


def call(function: int) -> bytes:
    return b"\x10" + bytes([function])


def vector(items: Sequence[bytes]) -> bytes:
    return uleb128(len(items)) + b"".join(items)


def function_type(kind: FunctionType) -> bytes:
    return b"\x60" + vector([bytes([k]) for k in kind[0]]) + vector([bytes([k]) for k in kind[1]])


def run(bodies: Sequence[bytes], argument: int) -> int:
    """Rewrites functions of type i32 -> i32 with legacy exceptions, and calls the last."""
    types = [TO_NUMBER, WITH_NUMBER]

    def number_of(kind: FunctionType) -> int:
        if kind not in types:
            types.append(kind)
        return types.index(kind)

    about = Surroundings(range(len(bodies)), [], None, [(0, (I32,))], types, number_of)
    coded = []
    for body in bodies:
        output = Output(about)
        kept = rewritten(list(instructions(memoryview(body), 0, labels=True)), output, 1)
        for entry in output.relocations:
            padded = bytes([entry.symbol | 0x80, 0x80, 0x80, 0x80, 0])
            output.text[entry.offset : entry.offset + 5] = padded
        text = locals_head([(kept, EXNREF)] if kept else []) + output.text
        coded.append(uleb128(len(text)) + text)
    module = Parsed(
        (
            Section.make(SectionId.TYPE, vector([function_type(kind) for kind in types])),
            Section.make(SectionId.FUNCTION, vector([b"\0"] * len(bodies))),
            Section.make(SectionId.TAG, vector([b"\0\x01"])),
            Section.make(
                SectionId.EXPORT, vector([encode_name("last") + bytes([0, len(bodies) - 1])])
            ),
            Section.make(SectionId.CODE, vector(coded)),
        )
    ).emit()
    config = Config()
    config.wasm_exceptions = True
    store = Store(Engine(config))
    last = Instance(store, Module(store.engine, module), []).exports(store)["last"]
    assert isinstance(last, Func)
    return int(last(store, argument))


def test_a_handler_gets_the_value_that_was_thrown() -> None:
    assert run([TRY_NUMBER + throw(5) + CATCH + const(1) + ADD + END + END], 0) == 6


def test_without_an_exception_the_body_s_value_is_the_result() -> None:
    assert run([TRY_NUMBER + const(7) + CATCH + END + END], 0) == 7


def test_a_cleanup_throws_on_to_the_outer_handler() -> None:
    inner = TRY + throw(9) + CATCH_ALL + rethrow(0) + END
    assert run([TRY_NUMBER + inner + const(1) + CATCH + END + END], 0) == 9


def test_rethrow_names_the_exception_of_an_outer_handler() -> None:
    nested = TRY + throw(2) + CATCH + DROP + rethrow(1) + END
    handled = TRY + throw(1) + CATCH + DROP + nested + END
    assert run([TRY_NUMBER + handled + const(50) + CATCH + END + END], 0) == 1


def test_of_two_handlers_the_first_that_fits_runs() -> None:
    body = TRY_NUMBER + throw(3) + CATCH + CATCH_ALL + const(40) + END + END
    assert run([body], 0) == 3


def test_a_delegate_passes_the_handlers_between() -> None:
    deepest = TRY + throw(4) + delegate(1)
    between = TRY + deepest + CATCH + DROP + END
    outer = TRY_NUMBER + between + const(20) + CATCH + const(1) + ADD + END
    assert run([outer + END], 0) == 5


def test_a_delegate_to_the_next_handler_is_handled_there() -> None:
    outer = TRY_NUMBER + TRY + throw(4) + delegate(0) + const(20) + CATCH + END
    assert run([outer + END], 0) == 4


def test_a_delegate_s_target_may_delegate_itself() -> None:
    deepest = TRY + throw(6) + delegate(1)
    passing = TRY + TRY + deepest + CATCH + DROP + END + delegate(1)
    middle = TRY + passing + CATCH + DROP + END
    outer = TRY_NUMBER + middle + const(20) + CATCH + END
    assert run([outer + END], 0) == 6


def test_a_delegate_out_of_the_function_reaches_the_caller() -> None:
    inner = TRY + TRY + throw(8) + delegate(1) + CATCH + DROP + END + const(1) + END
    caller = TRY_NUMBER + ARGUMENT + call(0) + CATCH + END + END
    assert run([inner, caller], 0) == 8


def test_a_function_that_delegates_out_still_returns() -> None:
    thrown = b"\x04\x40" + throw(8) + END
    inner = TRY + TRY + ARGUMENT + thrown + delegate(1) + CATCH + DROP + END + const(1) + END
    assert run([inner], 0) == 1


@pytest.mark.parametrize(("argument", "expected"), [(0, 10), (1, 11), (2, 12)])
def test_branches_find_their_labels_from_bodies_and_handlers(argument: int, expected: int) -> None:
    table = ARGUMENT + b"\x0e\x02\0\x01\x02"
    leave = [const(10) + b"\x0f", const(11) + b"\x0f", const(12)]
    body = TRY + throw(1) + CATCH + DROP + TRY + table + CATCH_ALL + END + leave[0] + END
    assert run([BLOCK + body + leave[1] + END + leave[2] + END], argument) == expected


def test_a_branch_out_of_a_body_skips_its_handler() -> None:
    body = BLOCK + TRY + branch(1) + CATCH + DROP + const(3) + b"\x0f" + END + END + const(2) + END
    assert run([body], 0) == 2


@pytest.mark.parametrize(
    "body",
    [
        CATCH + END,
        TRY + END,
        rethrow(0) + END,
        delegate(0) + END,
        END + END,
        branch(3) + TRY + CATCH_ALL + END + END,
        TRY + CATCH_ALL + CATCH_ALL + rethrow(1) + END + END,
    ],
    ids=["catch", "no end", "rethrow", "delegate", "two ends", "branch", "depth"],
)
def test_code_that_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(DamagedWasmError):
        run([body], 0)


# A side module: imports a function and a Python object, has data and a table.


def imported(module: str, title: str, rest: bytes) -> bytes:
    return encode_name(module) + encode_name(title) + rest


GLOBAL = b"\x03\x7f\0"
GLOBALS = ("__stack_pointer", "__memory_base", "__table_base")


def side_module(code: bytes = const(0) + END, elements: bytes = b"\x03\x01\x01\0") -> bytes:
    found = [imported("env", "memory", b"\x02\0\0")]
    found += [imported("env", "PyLong_FromLong", b"\0\0")]
    found += [imported("env", title, GLOBAL) for title in GLOBALS]
    found += [imported("GOT.mem", "PyExc_ValueError", GLOBAL)]
    found += [imported("GOT.func", "PyObject_Free", GLOBAL)]
    found += [imported("env", "__cpp_exception", b"\x04\0\x02")]
    types = [TO_NUMBER, ((), (I32,)), WITH_NUMBER]
    sections = [
        Section.custom("dylink.0", b"\x01\x04\x10\x02\x03\0"),
        Section.make(SectionId.TYPE, vector([function_type(kind) for kind in types])),
        Section.make(SectionId.IMPORT, vector(found)),
        Section.make(SectionId.FUNCTION, vector([b"\x01"])),
        Section.make(SectionId.EXPORT, vector([encode_name("PyInit_demo") + b"\0\x01"])),
        Section.make(SectionId.ELEMENT, b"\x01\0\x23\x02\x0b" + elements),
        Section.make(SectionId.CODE, vector([uleb128(len(code) + 1) + b"\0" + code])),
        Section.make(SectionId.DATA, b"\x01\0\x23\x01\x0b\x04data"),
    ]
    return Parsed(tuple(sections)).emit()


def object_of(data: bytes) -> Relocatable:
    return Relocatable.parse(converted(data, lambda _: WITH_NUMBER))


def test_a_side_module_is_told_from_an_object() -> None:
    data = side_module()
    assert is_side_module(data)
    assert not is_side_module(converted(data, lambda _: WITH_NUMBER))


def test_reading_a_global_becomes_a_relocation() -> None:
    reads = b"".join(b"\x23" + bytes([n]) + DROP for n in range(5))
    found = object_of(side_module(reads + const(0) + END))
    code = found.section(SectionId.CODE)
    assert code is not None
    kinds = [
        (entry.kind, found.symbols[entry.symbol].name) for entry in found.relocations[code][:5]
    ]
    assert kinds == [
        (RelocationKind.GLOBAL_INDEX_LEB, ""),
        (RelocationKind.MEMORY_ADDR_SLEB, "boxer_side_data"),
        (RelocationKind.TABLE_INDEX_SLEB, "PyInit_demo"),
        (RelocationKind.MEMORY_ADDR_SLEB, "PyExc_ValueError"),
        (RelocationKind.MEMORY_ADDR_SLEB, "boxer_side_table"),
    ]


def test_every_element_is_a_function_of_the_object_and_its_own() -> None:
    found = object_of(side_module())
    data = found.section(SectionId.DATA)
    assert data is not None
    names = [found.symbols[entry.symbol] for entry in found.relocations[data]]
    assert [symbol.name for symbol in names] == [
        "PyInit_demo",
        "boxer_side_thunk_0",
        "boxer_side_thunk_1",
        "",  # PyObject_Free: what is undefined has its name among the imports
    ]
    assert all(symbol.defined for symbol in names[:3])


def test_what_is_elsewhere_stays_undefined() -> None:
    data = converted(side_module(), lambda _: WITH_NUMBER)
    wanted = {entry.name for entry in imports(Parsed.parse(data)) if entry.kind == Kind.FUNCTION}
    assert wanted == {"PyLong_FromLong", "PyObject_Free"}
    undefined = [symbol for symbol in Relocatable.parse(data).symbols if not symbol.defined]
    assert [s.name for s in undefined if s.kind == SymbolKind.DATA] == ["PyExc_ValueError"]


def test_the_same_module_gives_the_same_object() -> None:
    first = converted(side_module(), lambda _: WITH_NUMBER)
    assert converted(side_module(), lambda _: WITH_NUMBER) == first


@pytest.mark.parametrize(
    "code",
    [b"\xfd\x0c" + bytes(16), b"\xfe\x03\0", b"\xd2\0", b"\x23\x09", b"\x10\x09", b"\x24\x01"],
    ids=["vectors", "atomics", "references", "global", "function", "writes"],
)
def test_an_instruction_that_is_not_known_is_refused(code: bytes) -> None:
    with pytest.raises((DamagedWasmError, UnsupportedModuleError)):
        object_of(side_module(code + END))


def test_a_module_that_wants_too_much_memory_is_refused() -> None:
    data = side_module().replace(
        b"\x01\x04\x10\x02\x03\0", b"\x01\x08\xff\xff\xff\xff\x0f\x02\x03\0"
    )
    with pytest.raises(BoxerError):
        object_of(data)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_module_is_an_error_of_ours(data: st.DataObject) -> None:
    module = bytearray(side_module(TRY_NUMBER + throw(1) + CATCH + END + END))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(module) - 1))
        module[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(module)))
    with contextlib.suppress(BoxerError):
        converted(bytes(module[:cut]), lambda _: WITH_NUMBER)
