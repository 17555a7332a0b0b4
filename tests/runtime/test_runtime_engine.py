from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from boxer.runtime.engine import HOST_SHARE, LARGEST_WASM_STACK, engine, wasm_stack

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
