"""Binaryen over a module: less code that does the same, the data as it was; frozen modules."""

from __future__ import annotations

import zlib

import pytest
import wasmtime

from boxer.wasmformat import Module, SectionId
from recipes import freezing, shrinking
from recipes.extension.linked import hints, wasm

# Two functions of one body; a local that is written for nothing, in a function without hints and in
# one with; two segments, one with zeros.
ZEROS = "\\00" * 20
UNREAD = 305
# i32.const, and the number as signed LEB128.
WRITTEN = bytes((0x41, 0xB1, 0x02))
TEXT = f"""
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "constants" "{ZEROS}" "ends")
  (data (i32.const 80) "variables")
  (func $one (param i32) (result i32) (i32.add (i32.load8_u (local.get 0)) (i32.const 3)))
  (func $two (param i32) (result i32) (i32.add (i32.load8_u (local.get 0)) (i32.const 3)))
  (func (export "sum") (param i32) (result i32) (local i32)
    (local.set 1 (i32.const 9))
    (local.set 1 (call $one (local.get 0)))
    (i32.add (local.get 1) (call $two (i32.add (local.get 0) (i32.const 1)))))
  (func (export "loop") (param i32) (result i32) (local i32)
    (local.set 1 (i32.const {UNREAD}))
    (local.set 1 (i32.const 7))
    (block (loop (@metadata.code.branch_hint "\\00") (br_if 1 (i32.eqz (local.get 0)))
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
    (local.get 1)))
"""


def _sum(module: bytes, at: int) -> int:
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, module), [])
    found = instance.exports(store)["sum"]
    assert isinstance(found, wasmtime.Func)
    return int(found(store, at))


@pytest.mark.skipif(not shrinking.binaryen_version(), reason="no Binaryen for this machine")
def test_code_is_smaller_and_data_the_same() -> None:
    module = bytes(wasmtime.wat2wasm(TEXT))
    shrunk = shrinking.shrunk(module)
    before, after = Module.parse(module), Module.parse(shrunk)
    old, new = (m.section(SectionId.CODE) for m in (before, after))
    assert old is not None
    assert new is not None
    assert len(new.payload) < len(old.payload)
    # Nobody reads it, and it is still there: a function with hints is not touched.
    assert bytes(old.payload).count(WRITTEN) == bytes(new.payload).count(WRITTEN) == 1
    old, new = (m.section(SectionId.DATA) for m in (before, after))
    assert old is not None
    assert new is not None
    assert bytes(new.payload) == bytes(old.payload)
    assert after.section(SectionId.DATA_COUNT) is None
    # One function in front of it has gone.
    assert (hints.hints_of(module), hints.hints_of(shrunk)) == ({3: "0"}, {2: "0"})
    assert after.custom(wasm.NAMES) is None
    assert _sum(shrunk, 16) == _sum(module, 16) == ord("c") + ord("o") + 6


def test_frozen_modules_are_zlib_streams_behind_their_size() -> None:
    plain = bytes(range(256)) * 40
    numbers = ",\n    ".join(str(byte) for byte in plain)
    header = freezing._compressed(
        f"/* Auto-generated */\nconst unsigned char _Py_M__abc[] = {{\n    {numbers},\n}};\n"
    )
    assert header.startswith("/* Made by")
    stored = bytes(
        int(number) for number in header[header.index("{") + 1 : header.index("}")].split(",")
    )
    assert stored[:8] == b"zlib" + len(plain).to_bytes(4, "little")
    assert zlib.decompress(stored[8:]) == plain
