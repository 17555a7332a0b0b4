"""A cache that is full, damaged or used by many: it costs time, never a run."""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
import wasmtime
from wasmtime import wat2wasm

from boxer.boxfile import MemoryImage, Segment
from boxer.errors import EngineError
from boxer.runtime import code as room
from boxer.runtime import load_code, mapped, native
from boxer.runtime.frozen import Frozen
from boxer.runtime.imagefile import PIECE, with_nameless_file, write_image
from boxer.runtime.mapped import MappedImage

IMAGE = MemoryImage(
    4 * PIECE, (Segment(10, b"warm"), Segment(PIECE - 2, b"edge"), Segment(3 * PIECE, b"end"))
)


def _written(descriptor: int) -> bytes:
    write_image(descriptor, IMAGE)
    return os.pread(descriptor, IMAGE.size + 1, 0)


def test_an_image_is_written_by_what_is_in_it() -> None:
    assert with_nameless_file(_written) == IMAGE.to_bytes()
    large = MemoryImage(1 << 32, (Segment((1 << 32) - 1, b"x"),))

    def blocks(descriptor: int) -> int:
        write_image(descriptor, large)
        return os.fstat(descriptor).st_blocks

    assert with_nameless_file(blocks) * 512 <= 2 * PIECE


@pytest.mark.parametrize("call", ["truncate", "pwrite", "open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_disk_that_is_full_is_done_without(
    monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    real = getattr(os, call)
    failed: list[str] = []

    def full(*arguments: object, **named: object) -> object:
        if not failed:
            failed.append(call)
            raise OSError(number, os.strerror(number))
        return real(*arguments, **named)

    monkeypatch.setattr(f"boxer.runtime.imagefile.os.{call}", full)
    assert with_nameless_file(_written) == IMAGE.to_bytes()
    assert failed


def test_code_runs_where_no_file_can_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one on disk nor one in memory: the machine's memory is a copy then."""

    def refused(*_: object) -> MappedImage:
        raise EngineError("The image cannot be written: File too large.")

    code, digest = _code(9)
    monkeypatch.setattr(MappedImage, "of", refused)
    monkeypatch.setattr(mapped, "is_available", lambda: True)
    box = SimpleNamespace(code=code, image=IMAGE, info=SimpleNamespace(code_digest=digest))
    assert not Frozen.of(box).is_mapped  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [1, 1000, None])
def test_a_native_library_that_is_cut_short_is_not_loaded(tmp_path: Path, cut: int | None) -> None:
    folder = native.native_folder()
    if not (folder / native.NAME).is_file():
        pytest.skip("no native library")
    data = (folder / native.NAME).read_bytes()
    copy = tmp_path / native.NAME
    copy.write_bytes(data)
    assert native.is_whole(copy)
    copy.write_bytes(data[: -cut if cut else 20])
    assert not native.is_whole(copy)


def test_a_native_library_that_is_not_the_one_noted_is_not_loaded(tmp_path: Path) -> None:
    library = tmp_path / native.NAME
    library.write_bytes(b"\x7fELF" + bytes(100))
    note = tmp_path / f"{native.NAME}.sha256"
    note.write_text(hashlib.sha256(library.read_bytes()).hexdigest())
    assert native.is_whole(library)
    note.write_text("0" * 64)
    assert not native.is_whole(library)


def _code(number: int) -> tuple[bytes, str]:
    code = bytes(wat2wasm(f'(module (memory (export "memory") 1) (data (i32.const {number}) "x"))'))
    return code, hashlib.sha256(code).hexdigest()


def test_a_process_keeps_the_code_it_used_last(tmp_path: Path) -> None:
    seen = []
    for number in range(room.MOST_LOADED + 3):
        seen.append(weakref.ref(load_code(*_code(number), tmp_path)))
    gc.collect()
    assert [reference() is not None for reference in seen] == [False] * 3 + [True] * 4


def test_code_that_is_held_is_the_same_object(tmp_path: Path) -> None:
    held = load_code(*_code(100), tmp_path)
    for number in range(room.MOST_LOADED + 1):
        load_code(*_code(number), tmp_path)
    assert load_code(*_code(100), tmp_path) is held


COMPILE = """
import sys
from pathlib import Path
import wasmtime
from boxer.runtime import load_code
real = wasmtime.Module.__init__

def counting(self, engine, wasm):
    print("compiled", flush=True)
    real(self, engine, wasm)

wasmtime.Module.__init__ = counting
load_code(bytes.fromhex(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
"""


def test_processes_that_need_the_same_code_compile_it_once(tmp_path: Path) -> None:
    code, digest = _code(7)
    command = [sys.executable, "-c", COMPILE, code.hex(), digest, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert b"".join(said).count(b"compiled") == 1


def test_a_handler_compiles_what_its_own_process_is_compiling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, digest = _code(8)
    real = wasmtime.Module.__init__
    inner: list[int] = []

    def interrupted(self: wasmtime.Module, engine: wasmtime.Engine, wasm: bytes) -> None:
        if not inner:
            inner.append(1)
            load_code(code, digest, tmp_path)
        real(self, engine, wasm)

    monkeypatch.setattr(wasmtime.Module, "__init__", interrupted)
    assert load_code(code, digest, tmp_path).digest == digest


def test_a_native_library_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "native_folder", lambda: tmp_path)
    assert native.library.__wrapped__() is None
    assert "native library" in caplog.text
    assert "make bases" in caplog.text
    caplog.clear()
    monkeypatch.setenv("BOXER_NATIVE", "0")  # asked for
    assert native.library.__wrapped__() is None
    assert not caplog.text


@pytest.mark.parametrize("trouble", ["cache", "others"])
def test_why_a_native_library_is_not_taken_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(native, "PACKAGED", tmp_path / "none")
    if trouble == "cache":
        cache.touch()
        told = f"the cache folder `{cache}/boxer` cannot be used (Not a directory)"
    else:
        native.native_folder().mkdir(parents=True)
        native.native_folder().chmod(0o777)
        told = f"others than you can write to `{native.native_folder()}`"
    assert native.library.__wrapped__() is None
    assert told in caplog.text
    assert "make bases" not in caplog.text
