from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from weakref import WeakValueDictionary

import pytest
import wasmtime
from wasmtime import wat2wasm

from boxer.errors import UnsupportedModuleError, WriteError
from boxer.runtime import code as room
from boxer.runtime import load_code
from boxer.runtime.engine import engine_tag

CODE = bytes(wat2wasm('(module (memory (export "memory") 1) (func (export "_start")))'))
DIGEST = hashlib.sha256(CODE).hexdigest()


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins like a new process."""
    monkeypatch.setattr(room, "_loaded", {})
    monkeypatch.setattr(room, "_alive", WeakValueDictionary())
    room._tell_not_kept.cache_clear()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each compilation."""
    done: list[int] = []
    real = wasmtime.Module.__init__

    def counting(self: wasmtime.Module, engine: wasmtime.Engine, wasm: bytes) -> None:
        done.append(len(wasm))
        real(self, engine, wasm)

    monkeypatch.setattr(wasmtime.Module, "__init__", counting)
    return done


def forget() -> None:
    room._loaded.clear()


def compiled_file(cache: Path) -> Path:
    (path,) = (cache / engine_tag() / "sha256").iterdir()
    return path


def test_code_is_compiled_once_and_then_read(tmp_path: Path, compilations: list[int]) -> None:
    first = load_code(CODE, DIGEST, tmp_path)
    assert load_code(CODE, DIGEST, tmp_path) is first
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 1


def test_damaged_file_is_never_loaded(tmp_path: Path, compilations: list[int]) -> None:
    load_code(CODE, DIGEST, tmp_path)
    path = compiled_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 2


def test_file_that_was_exchanged_is_never_loaded(tmp_path: Path, compilations: list[int]) -> None:
    load_code(CODE, DIGEST, tmp_path)
    note = tmp_path / engine_tag() / DIGEST
    note.write_text(hashlib.sha256(b"other").hexdigest())
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 2
    assert note.read_text() == compiled_file(tmp_path).name


@pytest.mark.parametrize("note", ["", "../../../etc/passwd", "\u00e9", "0" * 64])
def test_note_that_is_nonsense_is_a_miss(
    tmp_path: Path, compilations: list[int], note: str
) -> None:
    load_code(CODE, DIGEST, tmp_path)
    (tmp_path / engine_tag() / DIGEST).write_text(note)
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 2


def test_code_of_another_engine_is_compiled_anew(tmp_path: Path, compilations: list[int]) -> None:
    config = wasmtime.Config()
    config.consume_fuel = True
    foreign = bytes(wasmtime.Module(wasmtime.Engine(config), CODE).serialize())
    load_code(CODE, DIGEST, tmp_path)
    folder = tmp_path / engine_tag()
    digest = hashlib.sha256(foreign).hexdigest()
    (folder / "sha256" / digest).write_bytes(foreign)
    (folder / DIGEST).write_text(digest)
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 3


def test_folder_others_can_write_to_is_not_used(
    tmp_path: Path, compilations: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / engine_tag()
    folder.mkdir()
    folder.chmod(0o777)
    load_code(CODE, DIGEST, tmp_path)
    forget()
    load_code(CODE, DIGEST, tmp_path)
    assert len(compilations) == 2
    assert not (folder / DIGEST).exists()
    assert f": others than you can write to `{folder}`, or it is theirs. Remove it" in caplog.text
    assert caplog.text.count("compiled code is not kept") == 1  # once is enough


def test_cache_that_cannot_be_made_is_no_error_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    load_code(CODE, DIGEST)
    (told,) = caplog.messages
    assert told == (
        "note: compiled code is not kept, so each process compiles it anew: the cache folder"
        f" `{place}/boxer` cannot be used (Not a directory). Set XDG_CACHE_HOME to a folder you can"
        " write to."
    )


def test_cache_that_is_full_is_no_error_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: object, data: bytes) -> str:
        raise WriteError("`x` cannot be written: No space left on device.", hint="Ask `df -h`.")

    monkeypatch.setattr("boxer.runtime.code.Blobs.put", full)
    load_code(CODE, DIGEST, tmp_path)
    (told,) = caplog.messages
    assert told.endswith(": `x` cannot be written: No space left on device. Ask `df -h`.")


def test_what_the_engine_refuses_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModuleError, match="does not take"):
        load_code(b"\0asm\x01\0\0\0\x0b\x01\x05", "0" * 64, tmp_path)


def test_processes_at_once_agree(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from boxer.runtime import load_code\n"
        "load_code(bytes.fromhex(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))\n"
    )
    command = [sys.executable, "-c", program, CODE.hex(), DIGEST, str(tmp_path)]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    names = {path.name for path in (tmp_path / engine_tag()).iterdir()}
    assert names == {"sha256", DIGEST, f"{DIGEST}.lock"}
    assert compiled_file(tmp_path)
