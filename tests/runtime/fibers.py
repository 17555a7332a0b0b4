"""Boxes whose guest calls the slots of tasks (abi/boot.toml): WAT around a block and a table."""

from __future__ import annotations

import struct

from boxer.boxfile import Box
from tests.runtime.conftest import make_box

# Where the block lies, and what is free for a test.
BLOCK, FREE = 64, 1024
SWITCH, FORK, DROP, IMAGE = 1, 2, 3, 4

_SLOTS = """
(type $three (func (param i32 i32 i32) (result i32)))
(type $two (func (param i32 i32) (result i32)))
(table (export "__indirect_function_table") 8 funcref)
(elem (i32.const 1) $stub3 $stub3 $stub2 $stub2)
(global (export "boxer_tasks") i32 (i32.const 64))
(global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
(func $stub3 (param i32 i32 i32) (result i32) (i32.const -38))
(func $stub2 (param i32 i32) (result i32) (i32.const -38))
(func $exchange (param i32 i32 i32) (result i32)
  (call_indirect (type $three) (local.get 0) (local.get 1) (local.get 2) (i32.const 1)))
(func $switch (param i32) (result i32)
  (call $exchange (local.get 0) (i32.const 0) (i32.const 0)))
(func $fork (param i32 i32 i32) (result i32)
  (call_indirect (type $three) (local.get 0) (local.get 1) (local.get 2) (i32.const 2)))
(func $drop (param i32 i32) (result i32)
  (call_indirect (type $two) (local.get 0) (local.get 1) (i32.const 3)))
(func $image (param i32 i32) (result i32)
  (call_indirect (type $two) (local.get 0) (local.get 1) (i32.const 4)))
(func $expect (param $found i32) (param $wanted i32) (param $place i32)
  (if (i32.ne (local.get $found) (local.get $wanted))
    (then (call $proc_exit (local.get $place)))))
"""


def tasks_box(
    start: str, begin: str, *names: str, more: str = "", image: bytes = b"", pages: int = 2
) -> Box:
    """start: of fiber 0. begin: the body of `boxer_task_begin`, whose parameter is $id. image: what
    stands at FREE."""
    block = struct.pack("<16I", SWITCH, FORK, DROP, IMAGE, *[0] * 12)
    task = f'(func (export "boxer_task_begin") (param $id i32) {begin})'
    memory = block.ljust(FREE - BLOCK, b"\0") + image
    return make_box(start, *names, more=_SLOTS + more + task, image=memory, pages=pages)
