"""Branches that are counted, and what an engine is told of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import wasmtime

from recipes import branches
from recipes.extension import driver
from recipes.extension.linked import hints, wasm
from recipes.extension.linked.hints import Function

# Of `steps`'s branches: one to the end of the loop, taken once; an `if` with `else`, one in a
# hundred; an `if` without, taken always; a branch whose target is the way of everything; an `if`
# that is taken never, and in it one that is never met; the loop.
TEXT = """
(module
  (memory (export "memory") 1)
  (func $steps (export "steps") (param i32) (result i32) (local i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get 0)))
        (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 200)))
          (then (local.set 1 (i32.add (local.get 1) (i32.const 100))))
          (else (local.set 1 (i32.add (local.get 1) (i32.const 1)))))
        (if (local.get 0) (then (local.set 1 (i32.add (local.get 1) (i32.const 1)))))
        (block $join
          (br_if $join (i32.eq (local.get 0) (i32.const 7)))
          (local.set 1 (i32.add (local.get 1) (i32.const 1))))
        (if (i32.gt_u (local.get 0) (i32.const 100000))
          (then (if (local.get 1) (then (local.set 1 (i32.const 0))))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $next (i32.const 1))))
    (local.get 1))
  (func $seldom (export "seldom") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2)))))
"""
STEPS = "00..001"
# As the text format has them.
HINTED = """
(module
  (func $first (param i32) (result i32)
    (block $out
      (@metadata.code.branch_hint "\\00") (br_if $out (local.get 0))
      (br_if $out (i32.const 0)))
    (@metadata.code.branch_hint "\\01")
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
  (func $none))
"""
# An instruction of each form that is read otherwise.
FORMS = """
(module
  (type $t (func))
  (tag $tag)
  (memory 1) (table 2 funcref) (elem declare func $f) (global $g (mut i64) (i64.const 1))
  (func $f)
  (func $all (param i32) (result i32) (local v128 f64 i64)
    (block $a (block $b (br_table $a $b $a (local.get 0))))
    (drop (f32.const 1.5)) (drop (f64.const -2.5)) (drop (i64.const -1234567890123))
    (drop (i32.trunc_sat_f64_s (local.get 2)))
    (memory.copy (i32.const 0) (i32.const 1) (i32.const 2))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
    (drop (ref.func $f)) (drop (table.get 0 (i32.const 0)))
    (call_indirect (type $t) (i32.const 0))
    (drop (select (result i32) (i32.const 1) (i32.const 2) (local.get 0)))
    (local.set 1 (v128.load offset=300 (i32.const 0)))
    (local.set 1 (v128.const i32x4 11 11 11 11))
    (local.set 1 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
      (local.get 1) (local.get 1)))
    (local.set 1 (i32x4.replace_lane 2 (local.get 1) (i32.const 4)))
    (local.set 1 (v128.load8_lane 11 (i32.const 0) (local.get 1)))
    (local.set 1 (v128.load32_zero (i32.const 0)))
    (local.set 1 (i32x4.add (local.get 1) (local.get 1)))
    (block $caught (try_table (catch $tag $caught) (catch_all $caught) (throw $tag)))
    (global.set $g (i64.load32_u offset=200 (i32.const 0)))
    (if (local.get 0) (then (return (memory.size))))
    (i32.const 11)))
"""


def _counted(module: bytes, calls: list[tuple[str, int]]) -> bytes:
    counting = branches.counting(module, 1024)
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, counting.module), [])
    exports = instance.exports(store)
    for name, argument in calls:
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        function(store, argument)
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    return bytes(memory.read(store, 1024, 1024 + counting.bytes))


def test_branches_are_as_often_as_they_ran() -> None:
    module = bytes(wasmtime.wat2wasm(TEXT))
    table = branches.table(module, _counted(module, [("steps", 5000), ("seldom", 1)]))
    (entry,) = table["steps"]
    assert entry[1] == STEPS
    # Of what hardly ran nothing is known.
    assert list(table) == ["steps"]


def test_a_module_that_counts_does_the_same() -> None:
    module = bytes(wasmtime.wat2wasm(TEXT))
    store = wasmtime.Store()
    counting = branches.counting(module, 1024).module
    sides = []
    for code in (module, counting):
        instance = wasmtime.Instance(store, wasmtime.Module(store.engine, code), [])
        function = instance.exports(store)["steps"]
        assert isinstance(function, wasmtime.Func)
        sides.append([function(store, n) for n in (0, 1, 7, 200, 401)])
    assert sides[0] == sides[1]


def test_the_section_is_the_one_of_the_proposal() -> None:
    module = bytes(wasmtime.wat2wasm(HINTED))
    assert hints.hints_of(module) == {0: "0.1"}
    again = hints.with_hints(wasm.without(module, hints.SECTION), {0: "0.1", 1: ""})
    assert hints.hints_of(again) == {0: "0.1"}


def test_hints_are_of_functions_with_the_name_and_the_code() -> None:
    module = bytes(wasmtime.wat2wasm(TEXT))
    shapes = {body.number: hints.shape(module, body) for body in wasm.bodies(module)}
    other = Function("another shape", STEPS)
    assert hints.hints_of(hints.hinted(module, {"steps": [other]})) == {}
    own = Function(shapes[0], STEPS)
    found = hints.hinted(module, {"steps": [other, own], "seldom": [own]})
    assert hints.hints_of(found) == {0: STEPS}
    assert not wasm.function_names(found)
    assert hints.hints_of(hints.hinted(module, {"another": [own]})) == {}


def test_every_form_of_instruction_is_read_to_its_end() -> None:
    module = bytes(wasmtime.wat2wasm(FORMS))
    for body in wasm.bodies(module):
        *_, (last, _, end) = wasm.instructions(module, body)
        assert (last, end) == (wasm.END, body.end)
    opcodes = [opcode for opcode, _, _ in wasm.instructions(module, body)]
    assert opcodes.count(wasm.IF) == 1
    assert opcodes.count(wasm.BLOCK) == 3


def test_a_linked_module_gets_its_hints_from_the_program_of_an_sdk(tmp_path: Path) -> None:
    module = bytes(wasmtime.wat2wasm(TEXT))
    body = next(wasm.bodies(module))
    table = tmp_path / "hints.json"
    table.write_text(json.dumps({"steps": [[hints.shape(module, body), STEPS]]}))
    file = tmp_path / "module.wasm"
    file.write_bytes(module)
    folder = Path(driver.__file__).parent
    command = [sys.executable, "-IS", *driver.LINKED, *map(str, (folder, table, file))]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert hints.hints_of(file.read_bytes()) == {0: STEPS}
