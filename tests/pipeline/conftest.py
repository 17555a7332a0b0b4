"""A base of forty lines: it freezes, and says in each run what it found when it was started."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from boxer.filetree import Tree
from boxer.images import Base, BaseComponent, BaseInfo
from tests.runtime.conftest import own_cache

__all__ = ["own_cache"]  # a fixture

# boxer_freeze copies the first 32 bytes of the machine config to 2048; `_start` prints them.
WAT = r"""
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (global (export "boxer_boot") i32 (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 70000))
  (func (export "boxer_freeze") (result i32)
    (if (i32.ne (i32.load (i32.load (i32.const 1040))) (i32.const 0x52545842))
      (then (return (i32.const 9))))
    (memory.copy (i32.const 2048) (i32.load (i32.const 1048)) (i32.const 32))
    (drop (call $random (i32.const 4096) (i32.const 64)))
    (i32.store (i32.const 1036) (i32.const 1))
    (i32.const 0))
  (func (export "_start")
    (if (i32.eqz (i32.load (i32.const 1036))) (then (call $exit (i32.const 99))))
    (i32.store (i32.const 0) (i32.const 2048))
    (i32.store (i32.const 4) (i32.const 32))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 42)))
  (data (i32.const 1024) "BXBOOT01\02"))
"""


@pytest.fixture
def base() -> Base:
    tree = Tree()
    tree.add_file("/usr/lib/code.py", b"print('from the base')\n" * 100)
    tree.add_file("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
    return Base(
        info=BaseInfo(
            name="tiny",
            version="1.0",
            variant="1",
            recipe_digest="ab" * 32,
            kernel_abi=2,
            program="tiny",
            config={"Env": ["PATH=/bin"], "Cmd": ["tiny"]},
            components=(BaseComponent("musl", "1.2.5", "MIT"),),
        ),
        module=bytes(wat2wasm(WAT)),
        tree=tree,
    )
