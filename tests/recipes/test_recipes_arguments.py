"""Arguments on the stack get 64 bits: the module computes what it did, and has its hints still."""

from __future__ import annotations

import pytest
import wasmtime

from recipes.extension.linked import arguments, hints, wasm

# Beyond the fourth whole number a parameter is wide; numbers with a point have registers of their
# own. `$six` writes and reads its wide parameters in each way; its hint makes it a hot function.
SIX = """
  (func $six (param $a i32) (param $b i64) (param $x f64) (param $c i32) (param $d i32)
             (param $e i32) (param $f i32) (result i32)
    (@metadata.code.branch_hint "\\00")
    (if (i32.eq (local.get $e) (i32.const -1)) (then (local.set $e (local.get $f))))
    (i32.add (local.tee $f (i32.add (i32.add (local.get $a) (local.get $c)) (local.get $d)))
             (i32.sub (i32.mul (local.get $e) (i32.const 3)) (local.get $f))))
"""
FIRST = "(local.get 0) (i64.const 7) (f64.const 1.5) (local.get 0) (i32.const 3)"
# How the two arguments on the stack may come to lie there.
WAYS = {
    "constants": "(i32.const -1) (i32.const 9)",
    "computed": "(i32.mul (local.get 0) (i32.const 5)) (i32.eqz (local.get 0))",
    "loaded": "(i32.load (i32.const 8)) (i32.load8_s (i32.const 8))",
    "chosen": "(select (i32.const 4) (i32.const 5) (local.get 0)) (local.tee 1 (i32.const 6))",
    "block": "(block (result i32) (br 0 (i32.const 2))) (block (result i32) (i32.const 3))",
    "if": "(if (result i32) (local.get 0) (then (i32.const 8)) (else (i32.const 9))) (i32.const 1)",
    "loop": "(loop (result i32) (i32.const 5)) (call $one (i32.const 5))",
    "branch": """(block (result i32) (br_if 0 (i32.const 4) (local.get 0))) (i32.const 1)""",
    "held": """(block $out (result i32 i32)
                 (br_if $out (i32.const 4) (i32.const 5) (local.get 0))) """,
    "indirect": "(call_indirect (type $kind) (i32.const 1) (i32.const 0)) (i32.const 2)",
    "vector": """(i32x4.extract_lane 1
                   (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4)))
                 (i8x16.bitmask (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
                   (v128.bitselect (i8x16.splat (i32.const 255)) (v128.const i64x2 0 0)
                     (v128.load8_lane 0 (i32.const 8) (v128.const i64x2 0 0)))
                   (v128.not (f32x4.sqrt (v128.const i64x2 0 0)))))""",
    "saturated": "(i32.trunc_sat_f64_s (f64.const 1e30)) (i32.wrap_i64 (i64.clz (i64.const 4)))",
    "memory": "(memory.size) (memory.grow (i32.const 0))",
    "passed on": """(call $six (local.get 0) (i64.const 1) (f64.const 2) (i32.const 3) (i32.const 4)
                      (i32.const 5) (i32.const 6)) (i32.const 7)""",
    "not reached": "(block (result i32) (br 0 (i32.const 4)) (drop (call $six "
    + FIRST
    + """
                      (unreachable) (i32.const 3))) (i32.const 2)) (i32.const 1)""",
}


def text(way: str) -> str:
    return f"""(module
  (type $kind (func (param i32) (result i32)))
  (import "env" "given" (func $given (param i32)))
  (memory 1) (data (i32.const 8) "\\f0\\ff\\01\\02")
  (table 1 funcref) (elem (i32.const 0) $one)
  (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  {SIX}
  (func (export "ask") (param i32) (result i32) (local i32)
    (call $given (local.get 0))
    (call $six {FIRST} {WAYS[way]}))
  (func (export "tail") (param i32) (result i32) (local i32)
    (return_call $six {FIRST} {WAYS[way]}))
)"""


def results(module: bytes) -> list[object]:
    store = wasmtime.Store()
    kind = wasmtime.FuncType([wasmtime.ValType.i32()], [])
    given = wasmtime.Func(store, kind, lambda _: None)
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, module), [given])
    exports = instance.exports(store)
    found: list[object] = []
    for name in ("ask", "tail"):
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        found += [function(store, argument) for argument in (0, 1, -5)]
    return found


def kinds(module: bytes) -> list[bytes]:
    """What each function takes."""
    types = wasm.types(module)
    return [types[number][0] for number in wasm.type_numbers(module)]


@pytest.mark.parametrize("way", WAYS)
def test_wide_arguments_compute_the_same(way: str) -> None:
    module = bytes(wasmtime.wat2wasm(text(way)))
    widened = arguments.widened(module)
    assert results(widened) == results(module)
    assert hints.hints_of(widened) == hints.hints_of(module) != {}
    six = next(iter(hints.hints_of(module)))
    narrow, wide = kinds(module)[six], kinds(widened)[six]
    # Of two values of one block only the topmost could be widened: then none is.
    assert (narrow != wide) == (way != "held")
    if narrow != wide:
        assert wide == bytes((0x7F, 0x7E, 0x7C, 0x7F, 0x7F, 0x7E, 0x7E))


@pytest.mark.parametrize(
    "named",
    ['(export "six" (func $six))', "(elem declare func $six)", "(elem (i32.const 0) $six)"],
)
def test_functions_that_are_named_outside_of_code_keep_their_types(named: str) -> None:
    module = bytes(wasmtime.wat2wasm(text("computed").removesuffix("\n)") + named + ")"))
    assert kinds(arguments.widened(module)) == kinds(module)


def test_functions_without_hints_keep_their_types() -> None:
    module = wasm.without(bytes(wasmtime.wat2wasm(text("computed"))), hints.SECTION)
    assert kinds(arguments.widened(module)) == kinds(module)


def test_a_type_above_64_is_no_kind_of_value() -> None:
    """A block's type is a signed number: 70 is written with two bytes, whose first has bit 6."""
    fillers = "".join(f"(type (func (param{' i32' * n})))" for n in range(2, 71))
    pair = "(type $pair (func (param i32) (result i32 i32)))"
    module = text("constants").replace("(import", fillers + pair + "(import")
    block = "(block (type $pair) (i32.const 4)) (i32.add)"
    module = module.replace("(i32.const 9)", f"(i32.const 9) {block}")
    before = bytes(wasmtime.wat2wasm(module))
    assert wasm.types(before)[70] == (b"\x7f", b"\x7f\x7f")
    assert results(arguments.widened(before)) == results(before)


def test_a_type_that_stands_twice_keeps_both_places() -> None:
    twice = "(type (func (param i64))) (type (func (param i64))) (import"
    module = bytes(wasmtime.wat2wasm(text("indirect").replace("(import", twice)))
    assert wasm.types(module).count((b"\x7e", b"")) == 2
    widened = arguments.widened(module)
    assert kinds(widened) != kinds(module)
    assert results(widened) == results(module)


def filled_up(module: bytes) -> bytes:
    """The module with five bytes for each function that is called, as a linker leaves them that
    does not move code."""
    bodies = []
    for body in wasm.bodies(module):
        written = module[body.start : body.first]
        for opcode, begin, end in wasm.instructions(module, body):
            number, _ = wasm.read(module, begin + 1)
            filled = bytes((opcode, number | 0x80, 0x80, 0x80, 0x80, 0x00))
            written += filled if opcode == arguments.CALL else module[begin:end]
        bodies.append(wasm.number(len(written)) + written)
    content = wasm.number(len(bodies)) + b"".join(bodies)
    parts = [module[: wasm.PREAMBLE]]
    for kind, start, _, end in wasm.sections(module):
        section = bytes([kind]) + wasm.number(len(content)) + content
        parts.append(section if kind == wasm.CODE else module[start:end])
    return hints.with_hints(wasm.without(b"".join(parts), hints.SECTION), hints.hints_of(module))


def test_calls_whose_numbers_are_filled_up_are_found() -> None:
    module = bytes(wasmtime.wat2wasm(text("computed")))
    filled = filled_up(module)
    widened = arguments.widened(filled)
    assert len(filled) > len(module)
    assert kinds(widened) == kinds(arguments.widened(module)) != kinds(module)
    assert results(widened) == results(module)
