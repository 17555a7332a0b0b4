"""Runs upstream's freezing program, compiled for the guest, on one module.

`python -m recipes.freezing SRCDIR NAME IN.py OUT.h`, called by CPython's makefile in
its build folder.
"""

from __future__ import annotations

import os
import re
import struct
import sys
import zlib
from pathlib import Path

import wasmtime

PROGRAM = Path("Programs/_freeze_module")
# Read by the interpreter before it can inflate (Modules/getpath.c).
PLAIN = ("getpath",)
WASM_STACK = 1 << 20


def main(arguments: list[str]) -> int:
    """Freezes one module; returns the program's exit status."""
    source, name, input_file, output_file = arguments
    config = wasmtime.Config()
    config.max_wasm_stack = WASM_STACK
    engine = wasmtime.Engine(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    files = [str(Path(file).resolve()) for file in (input_file, output_file)]
    wasi.argv = [PROGRAM.name, name, *files]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for folder in (str(Path(source).resolve()), str(Path.cwd())):
        wasi.preopen_dir(folder, folder)
    store.set_wasi(wasi)
    instance = linker.instantiate(store, _compiled(engine))
    start = instance.exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    try:
        start(store)
    except wasmtime.ExitTrap as exit_trap:
        if exit_trap.code:
            return exit_trap.code
    if name not in PLAIN:
        header = Path(output_file)
        header.write_text(_compressed(header.read_text()))
    return 0


def _compressed(header: str) -> str:
    """The array of a header as "zlib", its size, and a zlib stream (RFC 1950)."""
    name, body = re.findall(r"const unsigned char (\w+)\[\] = \{([^}]*)\}", header)[0]
    plain = bytes(int(number) for number in body.replace(",", " ").split())
    stored = b"zlib" + struct.pack("<I", len(plain)) + zlib.compress(plain, 9)
    numbers = ",".join(str(byte) for byte in stored)
    return f"/* Made by recipes/freezing.py. */\nconst unsigned char {name}[] = {{{numbers}}};\n"


def _compiled(engine: wasmtime.Engine) -> wasmtime.Module:
    """The program as machine code, kept beside it for the next twenty calls of the makefile."""
    kept = PROGRAM.with_suffix(".compiled")
    if kept.is_file() and kept.stat().st_mtime >= PROGRAM.stat().st_mtime:
        return wasmtime.Module.deserialize_file(engine, str(kept))
    module = wasmtime.Module.from_file(engine, str(PROGRAM))
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_bytes(module.serialize())
    draft.rename(kept)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
