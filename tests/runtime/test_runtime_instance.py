from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from boxer.errors import StoppedError, UnsupportedModuleError
from boxer.preinit import InstanceState
from boxer.runtime import BuildInstance, load_code
from boxer.wasmformat import Module, code_digest, code_only

GUEST = """
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global (export "boot") i32 (i32.const 1234))
  (func (export "look") (result i32)
    (drop (call $random (i32.const 1000) (i32.const 100)))
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 1104)))
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 1112)))
    (call $environ (i32.const 1120) (i32.const 1124)))
  (func (export "shout") (result i32)
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 5))
    (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "sleep") (result i32)
    (i64.store (i32.const 1024) (i64.const 1))
    (i64.store (i32.const 1048) (i64.const 3600000000000))
    (i32.store (i32.const 1040) (i32.const 1))
    (call $poll (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 24)))
  (func (export "folders") (result i32) (call $prestat (i32.const 3) (i32.const 0)))
  (func (export "leave") (call $exit (i32.const 3)))
  (func (export "crash") unreachable)
  (func (export "more") (drop (memory.grow (i32.const 2)))))
"""


@pytest.fixture
def instance() -> BuildInstance:
    module = Module.parse(bytes(wat2wasm(GUEST)))
    return BuildInstance(load_code(code_only(module), code_digest(module)), epoch=1_000_000)


def test_instance_is_what_freezing_asks_for(instance: BuildInstance) -> None:
    state: InstanceState = instance
    assert state.memory_size() == 65536


def test_memory_is_read_and_written(instance: BuildInstance) -> None:
    instance.write(10, b"abc")
    assert instance.read(9, 5) == b"\0abc\0"
    instance.grow(1)
    assert instance.memory_size() == 131072
    instance.write(131070, memoryview(b"xy"))
    assert instance.read(131070, 2) == b"xy"


def test_guest_may_grow_its_memory(instance: BuildInstance) -> None:
    instance.call("more")
    assert instance.memory_size() == 3 * 65536


def test_two_instances_see_the_same_world() -> None:
    module = Module.parse(bytes(wat2wasm(GUEST)))
    code = load_code(code_only(module), code_digest(module))
    memories = []
    for _ in range(2):
        with BuildInstance(code, epoch=1_000_000) as instance:
            assert instance.call("look") == 0
            memories.append(instance.read(0, instance.memory_size()))
    assert memories[0] == memories[1]
    realtime = int.from_bytes(memories[0][1104:1112], "little")
    assert realtime // 1_000_000_000 == 1_000_000
    assert int.from_bytes(memories[0][1120:1124], "little") == 0
    assert any(memories[0][1000:1100])


def test_the_world_is_the_same_without_the_native_library(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module.parse(bytes(wat2wasm(GUEST)))
    code = load_code(code_only(module), code_digest(module))
    memories = []
    for _ in range(2):
        with BuildInstance(code, epoch=1_000_000) as instance:
            for name in ("look", "sleep", "look"):
                assert instance.call(name) == 0
            memories.append(instance.read(0, instance.memory_size()))
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    assert memories[0] == memories[1]


def test_sleep_takes_no_time_and_moves_the_clock(instance: BuildInstance) -> None:
    assert instance.call("sleep") == 0
    instance.call("look")
    passed = int.from_bytes(instance.read(1112, 8), "little")
    assert passed >= 3_600_000_000_000


def test_output_is_kept(instance: BuildInstance) -> None:
    instance.write(64, b"hello")
    assert instance.call("shout") == 0
    assert instance.output == b"hello"


def test_no_folder_is_there(instance: BuildInstance) -> None:
    assert instance.call("folders") == 8


def test_globals_are_read(instance: BuildInstance) -> None:
    assert instance.global_value("boot") == 1234
    with pytest.raises(UnsupportedModuleError):
        instance.global_value("nope")


@pytest.mark.parametrize(("name", "reason"), [("leave", "`3`"), ("crash", "aborted")])
def test_program_that_does_not_return_has_stopped(
    instance: BuildInstance, name: str, reason: str
) -> None:
    with pytest.raises(StoppedError, match=reason):
        instance.call(name)


def test_missing_export_is_named(instance: BuildInstance) -> None:
    with pytest.raises(UnsupportedModuleError, match="`boxer_freeze`"):
        instance.call("boxer_freeze")


def test_module_that_wants_more_of_its_host_is_refused(tmp_path: Path) -> None:
    wat = '(module (import "wasi_snapshot_preview1" "nope" (func)) (memory (export "memory") 1))'
    code = bytes(wat2wasm(wat))
    with pytest.raises(UnsupportedModuleError, match="nope"):
        BuildInstance(load_code(code, "1" * 64, tmp_path))
