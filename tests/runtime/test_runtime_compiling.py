"""What compiling takes is bounded by the size of the code."""

from __future__ import annotations

import os
import resource

import pytest
from wasmtime import wat2wasm

from boxer.errors import UnsupportedModuleError
from boxer.runtime import compiling
from boxer.runtime.compiling import SMALL, compiled
from boxer.wasmformat import uleb128


def section(number: int, payload: bytes) -> bytes:
    return bytes([number]) + uleb128(len(payload)) + payload


def nested(values: int, depth: int) -> bytes:
    """Loops in loops, each of which takes so many values: a few bytes of code for each."""
    count = uleb128(values) + b"\x7f" * values
    types = b"\x02\x60\x00" + count + b"\x60" + count + b"\x00"
    bodies = [
        b"\0" + b"\x41\x01" * values + b"\x0b",
        b"\0\x0b",
        b"\0\x10\x00" + b"\x03\x01" * depth + b"\x10\x01" + b"\x0b" * depth + b"\x0b",
    ]
    code = b"\x03" + b"".join(uleb128(len(body)) + body for body in bodies)
    return b"\0asm\1\0\0\0" + section(1, types) + section(3, b"\3\0\1\1") + section(10, code)


@pytest.mark.parametrize(("values", "depth"), [(100, 2000), (16, 12_500), (16, 100_000)])
def test_code_that_takes_too_much_is_refused(values: int, depth: int) -> None:
    code = nested(values, depth)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnsupportedModuleError, match=f"{len(code)} bytes takes more"):
        compiled(code)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(("values", "depth"), [(20, 300), (100, 250), (200, 50)])
def test_what_is_compiled_here_takes_little(values: int, depth: int) -> None:
    code = nested(values, depth)
    while len(code) > SMALL:
        depth -= 1
        code = nested(values, depth)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compiled(code)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


PAD = "(func)" * SMALL


@pytest.mark.parametrize("pad", ["", PAD])
def test_both_ways_give_the_same(pad: str) -> None:
    good = bytes(wat2wasm(f'(module (func (export "f")) {pad})'))
    assert [export.name for export in compiled(good).exports] == ["f"]
    bad = bytes(wat2wasm(f"(module (memory 1) (memory 1) {pad})"))
    with pytest.raises(
        UnsupportedModuleError, match=r"^The engine does not take the module: .*mem"
    ):
        compiled(bad)


def test_a_forked_process_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_forked", False)
    code = bytes(wat2wasm('(module (func (export "f")))'))
    compiled(code)
    child = os.fork()
    if child == 0:
        os._exit(0 if compiled(code + b"\0\2\1x").exports else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_an_interpreter_that_is_none_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    code = bytes(wat2wasm(f"(module {PAD})"))
    for executable in ("", "/nowhere/python", "/bin/false"):
        monkeypatch.setattr("sys.executable", executable)
        assert compiled(code) is not None
