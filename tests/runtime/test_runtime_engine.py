from __future__ import annotations

import resource
import subprocess
import sys

import pytest
import wasmtime

from boxer.runtime.engine import HOST_SHARE, LARGEST_WASM_STACK, engine, wasm_stack
from boxer.wasmformat import Module, Section, SectionId, code_only

MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("limit", "stack"),
    [
        (8 * MEBIBYTE, LARGEST_WASM_STACK),
        (64 * MEBIBYTE, LARGEST_WASM_STACK),
        (4 * MEBIBYTE, 4 * MEBIBYTE - HOST_SHARE),
        (MEBIBYTE, MEBIBYTE // 4),
        (resource.RLIM_INFINITY, MEBIBYTE),
    ],
)
def test_guest_gets_no_more_stack_than_a_thread_has(limit: int, stack: int) -> None:
    assert wasm_stack(limit) == stack


def test_engine_is_one() -> None:
    assert engine() is engine()


DEEP = """
import resource, sys, threading
resource.setrlimit(resource.RLIMIT_STACK, (int(sys.argv[1]), resource.RLIM_INFINITY))
import wasmtime
from boxer.boxfile import BoxInfo, Code, ImageConfig, MemoryImage, read_box, write_box
from boxer.runtime import run
from boxer.wasmformat import Module
text = '(module (memory (export "memory") 1) (func $f (export "_start") (call $f)))'
module = Module.parse(bytes(wasmtime.wat2wasm(text)))
info = BoxInfo(ImageConfig(), "t", "1", "", Code.of(module), 1, "0")
box = read_box(write_box(module, MemoryImage(65536, ()), info))
threads = [threading.Thread(target=lambda: print(run(box).exit_code)) for _ in range(2)]
for thread in threads:
    thread.start()
    thread.join()
print(run(box).exit_code)
"""


@pytest.mark.parametrize("limit", [8 * MEBIBYTE, 2 * MEBIBYTE, MEBIBYTE, -1])
def test_endless_recursion_never_ends_the_host(own_cache: object, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEEP, str(limit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "134\n134\n134\n"), done.stderr


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff" * 30, id="no-number"),
        pytest.param(b"\xff\xff\xff\xff\x0f", id="four-billion-functions"),
        pytest.param(b"\x01\x63\x01\x03\x01\x01", id="a-function-that-is-not-there"),
        pytest.param(b"\x01\0\x01\0\x01\x01", id="no-branch"),
        pytest.param(b"\x01\0\x01\xff\x7f\x01\x01", id="behind-the-code"),
        pytest.param(b"\x01\0\x01\x03\x01\x07", id="no-hint"),
        pytest.param(b"\x02\x01\0\0\0", id="out-of-order"),
        pytest.param(b"\x01\0\x02\x03\x01\x01\x03\x01\0", id="twice"),
        pytest.param(b"\x01\0\x01\x03\x01\x01", id="likely"),
        pytest.param(b"\x01\0\x01\x03\x01\0", id="unlikely"),
    ],
)
def test_hints_change_nothing_of_what_code_does(contents: bytes) -> None:
    """A box states them itself."""
    text = """(module (memory 1) (func (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.const 5)) (else (i32.const 6)))))"""
    module = Module.parse(code_only(Module.parse(bytes(wasmtime.wat2wasm(text)))))
    place = next(n for n, s in enumerate(module.sections) if s.id == SectionId.CODE)
    hints = Section.custom("metadata.code.branch_hint", contents)
    hinted = Module((*module.sections[:place], hints, *module.sections[place:]))
    store = wasmtime.Store(engine())
    instance = wasmtime.Instance(store, wasmtime.Module(engine(), code_only(hinted)), [])
    function = instance.exports(store)["f"]
    assert isinstance(function, wasmtime.Func)
    assert [function(store, n) for n in (0, 1)] == [6, 5]
