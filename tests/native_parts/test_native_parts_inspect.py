"""The reset guard reads code rightly, or refuses it (native/inspect.c, native/reading.c)."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from boxer.runtime import mapped
from boxer.runtime.engine import TURNED_OFF, engine

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")

# Before a function's instructions: one of each form that code can have. Their bytes are such that
# a reader who takes a wrong number of them meets something else than what follows.
LOCALS = (
    "", "(local i32 i64 f32 f64 v128)", "(local funcref externref exnref)",
    "(local (ref null $t))", "(local (ref $t))", "(local (ref func))",
    "(local (ref null noextern))", "(local i31ref anyref (ref null $s))",
    "(local structref arrayref eqref nullref)",
)  # fmt: skip
FORMS = (
    "(block)", "(block (result i32) i32.const 1) drop", "(block (type $t))",
    "(block (result funcref) ref.null func) drop", "(loop (result exnref) ref.null exn) drop",
    "(block (result (ref null $t)) ref.null $t) drop", "(block (result (ref $t)) ref.func 0) drop",
    "(if (result (ref null extern)) (i32.const 1) (then ref.null extern)"
    " (else ref.null noextern)) drop",
    "(block (type $many) (i32.const 1) (i64.const 2)) drop drop",
    "(block $h (result i32 exnref) (try_table (result i32 exnref) (catch_ref $e $h)"
    " (i32.const 1) (ref.null exn))) drop drop",
    "(block $h (try_table (catch_all $h) nop))",
    "(block $h (result exnref) (try_table (result exnref) (catch_all_ref $h) (ref.null exn))) drop",
    "(block $h (result i32) (try_table (catch $e $h)) (i32.const 36)) drop",
    "(throw $e (i32.const 1))", "(throw_ref (ref.null exn))",
    "(select (result (ref null $t)) (ref.null $t) (ref.null $t) (i32.const 1)) drop",
    "(select (result v128) (v128.const i64x2 36 38) (v128.const i64x2 36 38) (i32.const 1)) drop",
    "(br_table 0 0 0 (i32.const 36))", "(br_if 0 (i32.const 36))", "(return)", "(call 0)",
    "(call_indirect (type $t) (i32.const 0))", "(return_call 0)",
    "(return_call_indirect $two (type $t) (i32.const 0))",
    "(call_ref $t (ref.null $t))", "(return_call_ref $t (ref.null $t))",
    "(block (result (ref func)) (br_on_non_null 0 (ref.null func)) unreachable) drop",
    "(drop (ref.as_non_null (ref.null func)))", "(block (br_on_null 0 (ref.null func)) drop)",
    "(drop (ref.is_null (ref.func 0)))", "(drop (ref.eq (ref.null any) (ref.null any)))",
    "(drop (table.get $two (i32.const 0)))", "(drop (table.size $two))",
    "(drop (memory.grow (i32.const 0)))", "(drop (memory.size 1))",
    "(i32.store offset=36 align=1 (i32.const -64) (i32.const 38))",
    "(i32.store 1 offset=36 (i32.const 36) (i32.const 38))",
    "(i64.store offset=0xffffffff (i32.const 36) (i64.const -9223372036854775808))",
    "(drop (f32.const 2.5))", "(drop (f64.const 38e36))",
    "(memory.copy (i32.const 36) (i32.const 38) (i32.const 36))",
    "(memory.copy 1 0 (i32.const 36) (i32.const 38) (i32.const 36))",
    "(memory.fill (i32.const 36) (i32.const 38) (i32.const 36))",
    "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
    "(drop (i64.trunc_sat_f64_u (f64.const 36)))",
    "(drop (i8x16.extract_lane_s 11 (v128.const i64x2 36 38)))",
    "(drop (v128.load32_lane offset=36 3 (i32.const 36) (v128.const i64x2 36 38)))",
    "(v128.store64_lane 1 offset=36 align=1 1 (i32.const 0) (v128.const i64x2 36 38))",
    "(drop (v128.load64_zero offset=36 (i32.const 0)))",
    "(drop (i8x16.shuffle 0 11 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i64x2 36 38)"
    " (v128.const i64x2 36 38)))",
    "(drop (i32x4.trunc_sat_f64x2_u_zero (v128.const i64x2 36 38)))",
    "(drop (f64x2.relaxed_max (v128.const i64x2 36 38) (v128.const i64x2 36 38)))",
    "(drop (i32.atomic.rmw.add offset=36 (i32.const 36) (i32.const 38)))", "(atomic.fence)",
    "(drop (memory.atomic.notify (i32.const 36) (i32.const 38)))",
    "(drop (struct.new $s (i32.const 36)))", "(drop (ref.i31 (i32.const 36)))",
    "(drop (ref.test (ref null $s) (ref.null any)))",
    "(drop (ref.cast (ref null $s) (ref.null any)))",
    "(drop (array.new $a (i32.const 36) (i32.const 1)))",
    "(drop (ref.null $t))", "(drop (ref.null nofunc))",
    "(i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop",
)  # fmt: skip
# Each changes what a reset does not put back. (Globals: a second mutable one is enough.)
CHANGES = (
    "(table.set $one (i32.const 0) (ref.null func))",
    "(table.set $two (i32.const 0) (ref.null func))",
    "(drop (table.grow $two (ref.null func) (i32.const 1)))",
    "(table.fill $two (i32.const 0) (ref.null func) (i32.const 1))",
    "(table.copy $one $two (i32.const 0) (i32.const 0) (i32.const 1))",
    "(table.init $one $passive (i32.const 0) (i32.const 0) (i32.const 1))",
    "(elem.drop $passive)", "(data.drop 0)",
)  # fmt: skip
TEXT = """(module
  (type $t (func)) (type $many (func (result i32 i64)))
  %s
  (tag $e (param i32))
  (table $one 1 funcref) (table $two 2 funcref) (elem (table $one) (i32.const 0) func 0)
  (elem $passive func 0)
  %s
  (memory 1) %s (data "12345678")
  (func) (elem declare func 0)
  (func (export "f") %s %s))"""
# Numbers of types which, read as instructions, swallow what follows.
SWALLOWING = (0x00, 0x0E, 0x11, 0x1C, 0x20, 0x41, 0x42, 0x43, 0x44, 0xFC, 0xFD)
MANY_TYPES = "(type (func))" * 256
GLOBALS = (
    "(global $pointer (mut i32) (i32.const 1024))",
    "(global $pointer (mut i32) (i32.const 1024)) (global (ref null $t) (ref.null $t))",
    "(global funcref (ref.func 0)) (global v128 (v128.const i64x2 11 36))"
    " (global $pointer (mut i32) (i32.add (i32.const 11) (i32.const 36)))",
    "(global (ref null func) (ref.null func)) (global exnref (ref.null exn))",
    "(global f64 (f64.const 11)) (global $pointer (mut i32) (i32.const 11))"
    " (global i32 (global.get 0))",
)  # fmt: skip
SECOND = "(global $second (mut i32) (i32.const 7))"
GC_TYPES = "(type $s (struct (field i32))) (type $a (array i32))"


def is_accepted(code: bytes) -> bool:
    try:
        wasmtime.Module.validate(engine(), code)
    except wasmtime.WasmtimeError:
        return False
    return True


def is_resettable(code: bytes) -> bool:
    return mapped.is_resettable(hashlib.sha256(code).hexdigest(), code)


def compiled(types: str, globals_: str, memory: str, local: str, body: str) -> bytes | None:
    """None: not well-formed as text, so not a test."""
    try:
        return bytes(wat2wasm(TEXT % (types, globals_, memory, local, body)))
    except wasmtime.WasmtimeError:
        return None


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_code_hides_a_change(form: str, change: str) -> None:
    for types, memory in (("", ""), (GC_TYPES, ""), ("", "(memory 1)"), (GC_TYPES, "(memory 1)")):
        code = compiled(types, GLOBALS[0], memory, "", f"{form} {change}")
        if code is not None:
            assert not is_resettable(code)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("local", LOCALS)
def test_no_local_hides_a_change(local: str, change: str) -> None:
    code = compiled(GC_TYPES, GLOBALS[0], "", local, change)
    assert code is not None
    assert not is_resettable(code)


@given(
    number=st.sampled_from(SWALLOWING),
    form=st.sampled_from(
        ("(local (ref null {0}))", "(block (result (ref null {0})) (ref.null {0})) (drop)",
         "(drop (select (result (ref null {0})) (ref.null {0}) (ref.null {0}) (i32.const 1)))",
         "(drop (ref.null {0}))", "(block (type {0}))", "(local i32) (block (type {0}))",
         "(block $h (result (ref null {0})) (try_table (result (ref null {0})) (catch_all 1)"
         " (ref.null {0}))) (drop)", "(call_indirect (type {0}) (i32.const 0))")
    ),
    before=st.lists(st.sampled_from(("nop", *FORMS)), max_size=3),
    change=st.sampled_from(CHANGES),
    padding=st.integers(0, 12),
    after=st.lists(st.sampled_from(("nop", *FORMS)), max_size=3),
)  # fmt: skip
@settings(max_examples=1500)
def test_no_number_of_a_type_swallows_a_change(
    number: int, form: str, before: list[str], change: str, padding: int, after: list[str]
) -> None:
    local, body = (form, "") if form.startswith("(local (") else ("", form)
    body = " ".join((*before, body, change, "nop " * padding, *after))
    globals_ = MANY_TYPES + GLOBALS[0]
    code = compiled("", globals_, "", local.format(number), body.format(number))
    if code is not None:
        assert not is_resettable(code)


@pytest.mark.parametrize("globals_", GLOBALS)
def test_a_second_mutable_global_is_seen_behind_every_kind_of_global(globals_: str) -> None:
    code = compiled("", globals_ + SECOND + "(global i32 (i32.const 1))", "", "", "")
    assert code is not None
    assert not is_resettable(code) or "$pointer" not in globals_


@pytest.mark.parametrize("number", SWALLOWING)
@pytest.mark.parametrize("kind", ["funcref", "exnref", "(ref null {0})", "(ref null func)"])
def test_a_second_mutable_global_of_any_type_is_seen(kind: str, number: int) -> None:
    value = f"(ref.null {number})" if "{0}" in kind else "(ref.null exn)"
    value = value if "func" not in kind else "(ref.null func)"
    second = f"(global $second (mut {kind.format(number)}) {value})"
    code = compiled("", MANY_TYPES + GLOBALS[0] + second, "", "", "")
    assert code is not None
    assert not is_resettable(code)


# What boxes are made of must not be refused, or their pools are slow.
USED = [
    form for form in FORMS
    if (code := compiled("", GLOBALS[0], "", "", form)) is not None and is_accepted(code)
    and "memory.init" not in form
]  # fmt: skip


@pytest.mark.parametrize("form", USED)
def test_code_the_engine_takes_is_resettable_without_a_change(form: str) -> None:
    code = compiled("", GLOBALS[0], "", LOCALS[1] + LOCALS[2], form)
    assert code is not None
    assert is_resettable(code)


def test_most_forms_are_taken() -> None:
    assert len(USED) > 30


FOREIGN = {
    "threads": "(module (memory 1 1 shared))",
    "memory64": "(module (memory i64 1))",
    "multi_memory": "(module (memory 1) (memory 1))",
    "custom_page_sizes": "(module (memory 1 (pagesize 1)))",
    "function_references": "(module (type $t (func)) (func (local (ref null $t))))",
    "gc": "(module (type (struct)))",
    "relaxed_simd": "(module (func (param v128)"
    " (drop (f64x2.relaxed_max (local.get 0) (local.get 0)))))",
    "stack_switching": "(module (type $f (func)) (type (cont $f)))",
    "wide_arithmetic": "(module (func (i64.mul_wide_s (i64.const 1) (i64.const 1)) drop drop))",
    "component_model": "(component)",
}


@pytest.mark.parametrize("feature", TURNED_OFF)
def test_the_engine_refuses_what_no_box_needs(feature: str) -> None:
    assert not is_accepted(bytes(wat2wasm(FOREIGN[feature])))


OVERLONG = (b"\x24\x81\x80\x80\x80\x00", b"\x24\x81\x00", b"\x24\x01")


@pytest.mark.parametrize("change", OVERLONG)
def test_numbers_written_longer_than_needed_hide_no_change(change: bytes) -> None:
    code = compiled("", GLOBALS[0] + SECOND, "", "", "(global.set $second (i32.const 0))")
    assert code is not None
    body = b"\x00\x41\x00" + change + b"\x0b"
    found = code.rindex(b"\x06\x00\x41\x00\x24\x01\x0b")
    section = code.rindex(b"\x0a", 0, found)
    bodies = code[section + 2 : found] + bytes([len(body)]) + body
    rest = code[section + 2 + code[section + 1] :]
    longer = code[:section] + b"\x0a" + bytes([len(bodies)]) + bodies + rest
    assert is_accepted(longer)
    assert not is_resettable(longer)


WASM_TOOLS = Path(sys.executable).with_name("wasm-tools")
CHANGING = re.compile(
    r"\b(global\.set|table\.(?:set|grow|fill|copy|init)|elem\.drop|data\.drop|memory\.init)\b"
    r"|\(memory \(;[1-9]|\(import (?!.*\(func )|\(start "
)


def changes_of(code: bytes) -> list[str]:
    """What a module changes beside memory, as wasm-tools prints it; global.set with its number."""
    text = subprocess.run(
        [str(WASM_TOOLS), "print", "-"], input=code, capture_output=True, check=True, timeout=300
    ).stdout.decode()
    mutable = re.findall(r"\(global \(;(\d+);\)(?: \(export [^)]*\))* \(mut ", text)
    found = [line.strip() for line in text.splitlines() if CHANGING.search(line)]
    only = f"global.set {mutable[0]}" if len(mutable) == 1 else None
    return [line for line in found if line != only]


PLAIN = "numeric,vector,reference,parametric,memory,control"


@pytest.mark.skipif(not WASM_TOOLS.exists(), reason="wasm-tools is not installed")
@settings(max_examples=250)
@given(
    seed=st.binary(min_size=64, max_size=3000),
    rich=st.booleans(),
    instructions=st.sampled_from((PLAIN, PLAIN + ",table", PLAIN + ",variable,table,aggregate")),
    imports=st.integers(0, 1),
    globals_=st.integers(0, 2),
)
def test_no_generated_module_that_changes_more_than_memory_is_resettable(
    seed: bytes, rich: bool, instructions: str, imports: int, globals_: int
) -> None:
    settings = {
        "reference-types": True, "gc": rich, "exceptions": True, "simd": True, "tail-call": True,
        "threads": rich, "multi-value": True, "memory64": rich, "bulk-memory": True,
    }  # fmt: skip
    options = [f"--{name}-enabled={str(value).lower()}" for name, value in settings.items()]
    numbers = {"imports": imports, "memories": 1 + rich, "globals": globals_, "tables": 2}
    options += [f"--max-{name}={value}" for name, value in numbers.items()]
    options += ["--min-funcs=1", "--max-data-segments=0", "--allowed-instructions", instructions]
    made = subprocess.run(
        [str(WASM_TOOLS), "smith", *options],
        input=seed,
        capture_output=True,
        timeout=300,
        check=False,
    )
    if made.returncode == 0 and is_resettable(made.stdout):
        assert changes_of(made.stdout) == []
