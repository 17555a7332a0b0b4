"""Boxes small enough to read: a WAT body between preview 1 imports and an image."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from boxer.boxfile import (
    Box,
    BoxInfo,
    Code,
    ImageConfig,
    MemoryImage,
    Segment,
    read_box,
    write_box,
)
from boxer.runtime.abi import SIGNATURES
from boxer.wasmformat import Module

_TYPES = {"i": "i32", "I": "i64"}
_numbers = itertools.count()


def imports(*names: str) -> str:
    lines = []
    for name in names:
        parameters = " ".join(_TYPES[kind] for kind in SIGNATURES[name])
        result = "" if name == "proc_exit" else "(result i32)"
        lines.append(
            f'(import "wasi_snapshot_preview1" "{name}"'
            f" (func ${name} (param {parameters}) {result}))"
        )
    return "\n".join(lines)


SAY = """
(func $say (param $from i32) (param $size i32) (param $fd i32) (result i32)
  (i32.store (i32.const 16) (local.get $from))
  (i32.store (i32.const 20) (local.get $size))
  (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 24)))
"""


def module(start: str, *names: str, more: str = "", pages: int = 1) -> Module:
    """A base-like module whose `_start` is `start`. names: the preview 1 functions it uses."""
    wanted = sorted({"fd_write", "proc_exit", *names})
    text = f"""
    (module
      {imports(*wanted)}
      (memory (export "memory") {pages})
      {SAY}
      {more}
      (func (export "_start") {start})
      (func (export "number{next(_numbers)}")))
    """
    return Module.parse(bytes(wat2wasm(text)))


def make_box(start: str, *names: str, more: str = "", image: bytes = b"", pages: int = 2) -> Box:
    """image: what stands at address 64."""
    made = module(start, *names, more=more)
    segments = (Segment(64, image),) if image else ()
    return read_box(write_box(made, MemoryImage(pages * 65536, segments), make_info(made)))


def make_info(made: Module) -> BoxInfo:
    return BoxInfo(
        config=ImageConfig(),
        base_name="tiny",
        base_version="1",
        base_digest="",
        code=Code.of(made),
        kernel_abi=1,
        boxer_version="0",
    )


@pytest.fixture
def box() -> Callable[..., Box]:
    """Makes a box of a `_start` body; see `make_box`."""
    return make_box


@pytest.fixture
def info() -> Callable[[Module], BoxInfo]:
    return make_info


@pytest.fixture(autouse=True)
def own_cache(
    cache_of_tests: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """What tests compile does not belong in the user's cache; a real base does."""
    if request.node.get_closest_marker("base") is None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache_of_tests))
    return cache_of_tests
