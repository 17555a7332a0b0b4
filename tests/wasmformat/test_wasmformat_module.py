from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from boxer.errors import BoxerError, DamagedWasmError, NotWasmError, UnsupportedModuleError
from boxer.wasmformat import (
    DataSegment,
    Kind,
    Module,
    Section,
    SectionId,
    check_supported,
    code_digest,
    code_only,
    code_part,
    constant,
    data_segments,
    exports,
    imports,
    initial_segments,
    memory,
    stack_size,
    with_custom,
    with_image,
)

BASE = bytes(
    wat2wasm(
        """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 2 100)
      (global $sp (mut i32) (i32.const 4096))
      (global (export "boxer_boot") i32 (i32.const 1024))
      (global (export "far") i32 (i32.const -16))
      (global (export "wide") i64 (i64.const 5000000000))
      (global (export "ratio") f64 (f64.const 0.5))
      (table (export "slots") 2 funcref)
      (elem (i32.const 0) func $start)
      (func $start (export "_start") (call $exit (i32.load (i32.const 1024))))
      (func (export "boxer_freeze") (result i32) (i32.const 0))
      (data (i32.const 1024) "BXBOOT01")
      (data (i32.const 70000) "later"))
    """
    )
)


def test_parse_then_emit_gives_the_same_bytes() -> None:
    assert Module.parse(BASE).emit() == BASE


def test_imports_and_exports_are_listed() -> None:
    module = Module.parse(BASE)
    assert [(i.module, i.name, i.kind) for i in imports(module)] == [
        ("wasi_snapshot_preview1", "proc_exit", Kind.FUNCTION)
    ]
    assert {e.name for e in exports(module)} == {
        "memory", "boxer_boot", "far", "wide", "ratio", "slots", "_start", "boxer_freeze",
    }  # fmt: skip


def test_constant_globals_are_found_by_export_name() -> None:
    module = Module.parse(BASE)
    assert constant(module, "boxer_boot") == 1024
    assert constant(module, "far") == -16
    assert constant(module, "wide") == 5_000_000_000
    assert constant(module, "ratio") is None
    assert constant(module, "memory") is None
    assert constant(module, "absent") is None


def test_memory_type() -> None:
    own = memory(Module.parse(BASE))
    assert (own.minimum, own.maximum) == (2, 100)


def test_data_segments_in_file_order() -> None:
    segments = data_segments(Module.parse(BASE))
    assert [(s.offset, bytes(s.data)) for s in segments] == [(1024, b"BXBOOT01"), (70000, b"later")]


def test_code_only_has_no_data_and_the_same_code() -> None:
    base = Module.parse(BASE)
    code = Module.parse(code_only(base))
    assert code.section(SectionId.DATA) is None
    assert code.section(SectionId.DATA_COUNT) is None
    for identifier in (SectionId.CODE, SectionId.TYPE, SectionId.GLOBAL, SectionId.ELEMENT):
        mine, theirs = code.section(identifier), base.section(identifier)
        assert mine is not None
        assert theirs is not None
        assert bytes(mine.payload) == bytes(theirs.payload)


def test_code_only_is_its_own_code_only() -> None:
    code = code_only(Module.parse(BASE))
    assert code_only(Module.parse(code)) == code
    assert code_digest(Module.parse(code)) == code_digest(Module.parse(BASE))


def test_box_gives_back_the_code_of_its_base() -> None:
    base = Module.parse(BASE)
    box = with_custom(
        with_image(base, 50, [DataSegment(0, b"frozen")], ["memory", "_start"]), "boxer", b"{}"
    )
    read = Module.parse(box.emit())
    assert [e.name for e in exports(read)] == ["memory", "_start"]
    assert memory(read).minimum == 50
    assert bytes(read.custom("boxer") or b"") == b"{}"
    assert code_part(read, 2, exports(base)).emit() == code_only(base)


def test_hints_of_branches_stay_before_the_code() -> None:
    text = """(module (memory 1) (func $f (param i32)
      (@metadata.code.branch_hint "\\00") (if (local.get 0) (then))))"""
    base = Module.parse(bytes(wat2wasm(text)))
    assert base.custom("name") is not None
    code = code_part(base)
    assert code.custom("name") is None
    box = with_custom(with_image(base, 3, [], ["memory"]), "boxer", b"{}")
    for module in (code, box):
        places = [n for n, section in enumerate(module.sections) if section.id == SectionId.CUSTOM]
        assert module.sections[places[-1] + 1].id == SectionId.CODE
        assert bytes(module.custom("metadata.code.branch_hint") or b"") == b"\x01\0\x01\x03\x01\0"
    assert code_part(Module.parse(box.emit()), 1, exports(base)).emit() == code_only(base)


def test_segment_above_two_gigabytes_keeps_its_address() -> None:
    module = with_image(Module.parse(bytes(wat2wasm("(module (memory 1))"))), 65536, [
        DataSegment(0x80000000, b"a"), DataSegment(0xFFFFFFFF, b"b"),
    ], [])  # fmt: skip
    offsets = [s.offset for s in initial_segments(Module.parse(module.emit()))]
    assert offsets == [0x80000000, 0xFFFFFFFF]


def test_memory_beyond_the_declared_maximum_is_refused() -> None:
    with pytest.raises(UnsupportedModuleError, match="101"):
        with_image(Module.parse(BASE), 101, [], [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('(module (import "env" "f" (func)) (memory 1))', "env.f"),
        ('(module (import "wasi_snapshot_preview1" "m" (memory 1)))', "imports"),
        ("(module)", "exactly one memory"),
        ("(module (memory 1) (memory 1))", "exactly one memory"),
        ("(module (memory i64 1))", "64-bit"),
        ("(module (memory 1 1 shared))", "shared"),
        ("(module (memory 1) (func $f) (start $f))", "start function"),
    ],
)
def test_module_no_box_can_be_made_of_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnsupportedModuleError, match=reason):
        check_supported(Module.parse(bytes(wat2wasm(text))))


def test_passive_segments_are_refused() -> None:
    module = Module.parse(bytes(wat2wasm('(module (memory 1) (data "passive"))')))
    with pytest.raises(UnsupportedModuleError, match="passive"):
        data_segments(module)


def test_segment_outside_of_the_memory_is_refused() -> None:
    module = Module.parse(bytes(wat2wasm('(module (memory 1) (data (i32.const 65535) "xy"))')))
    with pytest.raises(UnsupportedModuleError, match="outside"):
        initial_segments(module)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotWasmError),
        (b"#!/bin/sh\n", NotWasmError),
        (b"\0asm", DamagedWasmError),
        (b"\0asm\x0d\0\x01\0", NotWasmError),
        (b"\0asm\x02\0\0\0", NotWasmError),
        (BASE[:-1], DamagedWasmError),
        (b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f", DamagedWasmError),
        (b"\0asm\x01\0\0\0\x7f\0", DamagedWasmError),
        (b"\0asm\x01\0\0\0\x01\0\x01\0", DamagedWasmError),
        (b"\0asm\x01\0\0\0\x0a\0\x0c\0", DamagedWasmError),
    ],
)
def test_what_is_no_whole_module_is_refused(data: bytes, error: type[BoxerError]) -> None:
    with pytest.raises(error):
        Module.parse(data)


def read_everything(data: bytes) -> None:
    module = Module.parse(data)
    assert module.emit() == data
    imports(module)
    exports(module)
    memory(module)
    constant(module, "boxer_boot")
    initial_segments(module)
    module.custom("boxer")
    code_only(module)


def accepts_or_refuses(data: bytes) -> None:
    with contextlib.suppress(BoxerError):
        read_everything(data)


@settings(max_examples=400)
@given(position=st.integers(0, len(BASE) - 1), value=st.integers(0, 255))
def test_one_changed_byte_is_accepted_or_refused(position: int, value: int) -> None:
    accepts_or_refuses(BASE[:position] + bytes([value]) + BASE[position + 1 :])


@given(size=st.integers(0, len(BASE)), tail=st.binary(max_size=40))
def test_other_endings_are_accepted_or_refused(size: int, tail: bytes) -> None:
    accepts_or_refuses(BASE[:size] + tail)


@given(
    sections=st.lists(st.tuples(st.sampled_from(list(SectionId)), st.binary(max_size=60))),
)
def test_any_sections_are_accepted_or_refused(sections: list[tuple[SectionId, bytes]]) -> None:
    made = Module(tuple(Section.make(identifier, payload) for identifier, payload in sections))
    accepts_or_refuses(made.emit())


def exported_global(module: Module) -> object:
    named = Section.make(SectionId.EXPORT, b"\x01\x01g\x03\x00")
    return constant(Module((*module.sections, named)), "g")


@pytest.mark.parametrize(
    ("identifier", "decode"),
    [
        (SectionId.IMPORT, imports),
        (SectionId.EXPORT, exports),
        (SectionId.DATA, data_segments),
        (SectionId.GLOBAL, exported_global),
    ],
)
def test_declared_counts_allocate_nothing(
    identifier: SectionId, decode: Callable[[Module], object]
) -> None:
    module = Module((Section.make(identifier, b"\xff\xff\xff\xff\x0f"),))
    with pytest.raises(DamagedWasmError):
        decode(module)


STACK = """(module (memory 2)
  (global $__stack_pointer ({kind} i32) (i32.const {pointer}))
  (data (i32.const {data}) "x"))"""


@pytest.mark.parametrize(
    ("pointer", "data", "size"),
    [(65536, 65536, 65536), (65536, 70000, 65536), (70000, 65536, 0), (-16, 65536, 0), (0, 8, 0)],
)
def test_stack_below_the_data_is_found(pointer: int, data: int, size: int) -> None:
    text = STACK.format(kind="mut", pointer=pointer, data=data)
    assert stack_size(Module.parse(bytes(wat2wasm(text)))) == size


def test_module_without_a_stack_pointer_has_no_stack() -> None:
    assert stack_size(Module.parse(bytes(wat2wasm("(module (memory 1))")))) == 0
    text = STACK.replace("({kind} i32)", "i32").format(pointer=64, data=64)
    assert stack_size(Module.parse(bytes(wat2wasm(text)))) == 0
