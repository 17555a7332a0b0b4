"""Training: the instrumented interpreter runs programs of ours, and what it counted is read.

Belongs here: the machine this happens in, and its one file. Does not: the programs
(recipes/python/training), the kernel they run on (guest/training), the formats (`profile`).

Invariant: a run is a function of the machine's memory alone: it imports nothing. So the same
sources give the same counts, whatever day it is, and on whichever computer.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from recipes import branches, driver, toolchain
from recipes.extension.linked import wasm
from recipes.failures import RecipeError
from recipes.profile import Counted
from recipes.workshop import GUEST

MACHINE = GUEST / "training"
PROGRAMS = Path(__file__).with_name("python") / "training"
# What no program of ours imports.
LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3")
WASM_STACK = 4 << 20
HOST_SHARE = 1 << 20
PAGE = 65536
# struct training (guest/training/training.h).
TRAINING = struct.Struct("<12Ii")
RUNS = -1


@dataclass(frozen=True)
class Library:
    """The standard library. modules: its folder here. archive: the path of the zip file that the
    interpreter finds it in."""

    modules: Path
    archive: str


def train(
    folder: Path, objects: list[Path], libraries: list[str], sysroot: Path, library: Library
) -> Counted:
    """What the interpreter of these instrumented objects counts. folder: for its program.

    libraries: options for the linker. Raises RecipeError where a training program fails.
    """
    program = folder / "training.wasm"
    _link(program, objects, libraries, sysroot, library.archive, driver.LINK_FLAGS)
    return _Machine(program.read_bytes(), _archive(library.modules)).counted()


def count_branches(
    folder: Path, interpreter: Path, libraries: list[str], sysroot: Path, library: Library
) -> dict[str, list[list[str]]]:
    """Which way the branches of the interpreter's functions go, as hints.json has it.

    interpreter: the object of all of it, optimised. Raises RecipeError as `train` does.
    """
    program = folder / "branches.wasm"
    flags = toolchain.with_names(driver.LINK_FLAGS)
    _link(program, [interpreter], libraries, sysroot, library.archive, flags)
    module = program.read_bytes()
    program.unlink()
    address = PAGE * wasm.memory_pages(module)
    counting = branches.counting(wasm.without(module, wasm.NAMES), address)
    machine = _Machine(counting.module, _archive(library.modules), counting.bytes)
    return branches.table(module, machine.read(address, address + counting.bytes))


def _link(
    program: Path,
    objects: list[Path],
    libraries: list[str],
    sysroot: Path,
    archive: str,
    link_flags: Sequence[str],
) -> None:
    own = []
    for file in sorted(MACHINE.glob("*.c")):
        own.append(program.with_name(f"training-{file.stem}.o"))
        define = f'-DTRAINING_ARCHIVE="{archive}"'
        flags = ("-Wall", "-Wextra", "-Werror", "-std=gnu17", "-D_GNU_SOURCE", define)
        compiler = driver.compile_command(sysroot)
        toolchain.run([*compiler, *flags, "-c", file, "-o", own[-1]])
    libc = (sysroot / "lib" / "libc.a", sysroot / "lib" / "libcompiler_rt.a")
    linker = (str(toolchain.zig()), "wasm-ld", *link_flags)
    toolchain.run([*linker, *own, *objects, *libraries, *libc, "-o", program])


def _archive(library: Path) -> bytes:
    """The standard library and the programs, as a zip file that is always the same."""
    files = {
        str(file.relative_to(library)): file
        for file in library.rglob("*.py")
        if file.relative_to(library).parts[0] not in LEFT_OUT
    }
    files |= {f"{PROGRAMS.name}/{file.name}": file for file in PROGRAMS.glob("*.py")}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, file in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes())
    return buffer.getvalue()


class _Machine:
    """A machine that has run to its end. room: bytes for whoever compiled the program, at its end.

    Raises RecipeError where a training program fails."""

    def __init__(self, program: bytes, archive: bytes, room: int = 0) -> None:
        engine = wasmtime.Engine(_config())
        self._store = store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, wasmtime.Module(engine, program), []).exports(store)
        memory, start, place = exports["memory"], exports["_start"], exports["training_place"]
        assert isinstance(memory, wasmtime.Memory)
        assert isinstance(start, wasmtime.Func)
        assert isinstance(place, wasmtime.Func)
        self._memory = memory
        memory.grow(store, -(-room // PAGE))
        # Behind everything there is; what the program asks for comes behind the archive.
        archive_at = memory.data_len(store)
        memory.grow(store, -(-len(archive) // PAGE))
        memory.write(store, archive, archive_at)
        training = place(store)
        memory.write(store, struct.pack("<2I", archive_at, archive_at + len(archive)), training)
        problem = ""
        try:
            start(store)
        except wasmtime.Trap as trap:
            problem = str(trap)
        self._found = TRAINING.unpack(self.read(training, training + TRAINING.size))
        _, _, said, said_end, *_, status = self._found
        if status != 0:
            last = self.read(said, said_end).decode(errors="replace")[-2000:]
            ended = problem if status == RUNS else f"status {status}"
            raise RecipeError(f"the training of the interpreter failed: {ended}\n{last}")

    def read(self, begin: int, end: int) -> bytes:
        return bytes(self._memory.read(self._store, begin, end))

    def counted(self) -> Counted:
        """What LLVM's counters are."""
        *_, data, data_end, counts, counts_end, names, names_end, values, values_end, _ = (
            self._found
        )
        return Counted(
            data,
            self.read(data, data_end),
            counts,
            self.read(counts, counts_end),
            self.read(names, names_end),
            self.read(values, values_end),
        )


def _config() -> wasmtime.Config:
    config = wasmtime.Config()
    # Never used, since nothing here is async; wasmtime aborts if it is not the larger one.
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), WASM_STACK + HOST_SHARE)
    config.max_wasm_stack = WASM_STACK
    return config
