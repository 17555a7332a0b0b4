"""native/ under sanitizers, and its structures as Python states them."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from boxer.runtime import mapped, native

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
COMPILER = shutil.which("gcc")
FLAGS = ["-std=c17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{NATIVE}"]
FLAGS += ["-fno-sanitize-recover=all"]

needs_compiler = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")
needs_library = pytest.mark.skipif(
    not mapped.is_available(), reason="the native library is not there"
)

MODULE = """(module
  (memory 1) (table 2 funcref) (elem (i32.const 0) $f $f)
  (global $sp (mut i32) (i32.const 1024)) (global i32 (i32.const 7))
  (func $f (param i32 i64) (result i32)
    (local f64 v128)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (block (loop (br_if 1 (local.get 0)) (br_table 0 1 0 (i32.const 2))))
    (i64.store offset=70000 align=4 (i32.const -5) (i64.const -123456789012345))
    (local.set 2 (f64.const 1.5)) (drop (f32.const 2.5))
    (local.set 3 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
      (v128.const i64x2 1 2) (v128.load8_lane 3 (i32.const 0) (local.get 3))))
    (memory.copy (i32.const 0) (i32.const 8) (i32.const 8))
    (memory.fill (i32.const 0) (i32.const 8) (i32.const 8))
    (drop (i32.trunc_sat_f64_s (local.get 2)))
    (drop (select (result i64) (i64.const 1) (i64.const 2) (memory.grow (i32.const 0))))
    (call_indirect (param i32 i64) (result i32) (i32.const 1) (i64.const 1) (i32.const 0))))"""


def build(
    folder: Path, program: str, *sources: str, sanitizer: str = "address", more: Sequence[str] = ()
) -> Path:
    target = folder / program
    files = [HERE / f"{program}.c", *(NATIVE / source for source in sources)]
    options = [*FLAGS, f"-fsanitize={sanitizer},undefined", *more]
    libraries = ["-ldl", "-lpthread", "-lresolv", "-o", str(target)]
    command = [str(COMPILER), *options, *map(str, files), *libraries]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(program: Path, *arguments: Path) -> None:
    command = [str(part) for part in (program, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_compiler
def test_images_are_put_back(tmp_path: Path) -> None:
    sources = [path.name for path in NATIVE.glob("*.c") if path.stem not in ("launcher", "plan")]
    run(build(tmp_path, "check_image", *sources))


@needs_compiler
def test_no_request_leaves_its_memory_or_a_descriptor(tmp_path: Path) -> None:
    sources = [path.name for path in NATIVE.glob("*.c") if path.stem not in ("launcher", "plan")]
    run(build(tmp_path, "check_control", *sources))


@needs_compiler
def test_pages_are_moved_and_copied(tmp_path: Path) -> None:
    run(build(tmp_path, "check_moving", "image.c"))


@needs_compiler
@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_the_baton_is_taken_and_given(sanitizer: str, tmp_path: Path) -> None:
    run(build(tmp_path, "check_baton", sanitizer=sanitizer))


def sanitizers() -> str:
    """What a program that is not compiled with them has to load first."""
    command = [str(COMPILER), "-print-file-name=libasan.so"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@needs_compiler
def test_python_calls_a_machine(tmp_path: Path) -> None:
    sources = ("calling.c", "plaindata.c", "python.c")
    library = build(tmp_path, "played_calling", *sources, more=("-shared", "-fPIC"))
    done = subprocess.run(
        [sys.executable, str(HERE / "check_calling.py"), str(library)],
        env={**os.environ, "LD_PRELOAD": sanitizers(), "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@needs_compiler
def test_damaged_code_is_read_safely(tmp_path: Path) -> None:
    module = tmp_path / "module.wasm"
    module.write_bytes(bytes(wat2wasm(MODULE)))
    run(build(tmp_path, "check_inspect", "inspect.c", "reading.c"), module)


UNSAFE = {
    "a second mutable global": "(global (mut i32) (i32.const 0)) (global (mut i64) (i64.const 0))",
    "table.set": "(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))",
    "table.grow": "(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 0))))",
    "table.fill": "(table 1 funcref)"
    " (func (table.fill (i32.const 0) (ref.null func) (i32.const 0)))",
    "table.copy": "(table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))",
    "table.init": "(table 1 funcref) (elem func)"
    " (func (table.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
    "elem.drop": "(elem func) (func (elem.drop 0))",
    "data.drop": '(memory 1) (data "x") (func (data.drop 0))',
    "an atomic operation": "(memory 1 1 shared)"
    " (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 0))))",
}


@needs_library
@pytest.mark.parametrize("kind", UNSAFE)
def test_code_that_changes_more_than_memory_is_seen(kind: str) -> None:
    module = bytes(wat2wasm(f"(module {UNSAFE[kind]} (func nop))"))
    assert not mapped.is_resettable(kind, module)


@needs_library
def test_code_that_changes_memory_only_is_resettable() -> None:
    assert mapped.is_resettable("MODULE", bytes(wat2wasm(MODULE)))


def c_fields(name: str) -> list[str]:
    text = (NATIVE / "machine.h").read_text()
    body = re.search(rf"struct {name} {{(.*?)\n}};", text, re.DOTALL)
    assert body is not None
    found = []
    for line in re.sub(r"//[^\n]*", "", body[1]).replace("\n", " ").split(";"):
        plain = re.sub(r"(\(\*\w+\))\([^)]*\)", r"\1", line)  # without a function's parameters
        names = re.findall(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])?\s*(?:,|$)", plain.strip())
        found += [first or second for first, second in names]
    return found


@pytest.mark.parametrize(
    ("name", "structure"),
    [
        ("boxer_run", native.Run),
        ("boxer_outcome", native.NativeOutcome),
        ("boxer_tally", native.Tally),
        ("boxer_calls", native.Calls),
    ],
)
def test_structures_have_the_fields_of_the_header(
    name: str, structure: type[ctypes.Structure]
) -> None:
    assert [field[0] for field in structure._fields_] == c_fields(name)


def test_the_abi_number_is_the_headers() -> None:
    assert f"#define BOXER_NATIVE_ABI {native.ABI}\n" in (NATIVE / "machine.h").read_text()
