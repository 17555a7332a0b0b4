"""Code compiled in a process of its own, with limits: `python -m boxer.runtime.compiling`.

Belongs here: what compiling may take. Does not: what is kept of it (`code`).

A few kilobytes of valid code can take the compiler many gigabytes (blocks in blocks, each with many
values), and nothing ends it from within this process. Also, its threads are not there in a process
that was forked after it had been used.

    stdin: a code-only module; stdout: its compiled form, or with status REFUSED the reason
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys

import wasmtime

from boxer.ending import run_program
from boxer.errors import UnsupportedModuleError
from boxer.runtime.engine import engine

# CPython's 5.4 MB take 8 s of processor time and 250 MB, its data included.
CPU_SECONDS, CPU_SECONDS_PER_MEBIBYTE = 20, 20
MEMORY, MEMORY_PER_BYTE = 512 << 20, 128
# What a thread of the compiler has of its own; there is one for each processor.
MEMORY_PER_THREAD = 16 << 20
# Compiled at once where it is asked for: the worst of that size takes 0.2 s and 100 MB.
SMALL = 1024
REFUSED = 3

_forked = False


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def compiled(code: bytes) -> wasmtime.Module:
    """Raises `UnsupportedModuleError` for what the engine does not take, or not within limits."""
    if (len(code) <= SMALL and not _forked) or getattr(sys, "frozen", False):
        return _compiled_here(code)
    command = [sys.executable or "python3", "-P", "-m", __name__]
    try:
        done = run_program(command, timeout=None, data=code)
    except OSError:
        return _compiled_here(code)
    if done.returncode == 0:
        with contextlib.suppress(wasmtime.WasmtimeError):  # an engine set up in another way
            return wasmtime.Module.deserialize(engine(), done.stdout)
    if done.returncode == REFUSED:
        raise _refused(done.stdout.decode("utf-8", "replace"))
    if done.returncode < 0:
        raise UnsupportedModuleError(
            f"Compiling the module's {len(code)} bytes takes more memory or time than code of that"
            " size needs.",
            hint="No compiler writes such code: the box is damaged, or meant to do harm.",
        )
    return _compiled_here(code)  # an interpreter that does not find this Boxer


def _compiled_here(code: bytes) -> wasmtime.Module:
    try:
        return wasmtime.Module(engine(), code)
    except wasmtime.WasmtimeError as error:
        raise _refused(str(error)) from None


def _refused(reason: str) -> UnsupportedModuleError:
    text = reason.strip().replace("\n", " ")
    return UnsupportedModuleError(f"The engine does not take the module: {text}.")


def _limit(size: int) -> None:
    threads = os.cpu_count() or 1
    seconds = CPU_SECONDS + CPU_SECONDS_PER_MEBIBYTE * (size >> 20)
    memory = MEMORY + MEMORY_PER_BYTE * size + MEMORY_PER_THREAD * threads
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))


def main() -> int:
    code = sys.stdin.buffer.read()
    _limit(len(code))
    try:
        made = wasmtime.Module(engine(), code).serialize()
    except wasmtime.WasmtimeError as error:
        sys.stdout.write(str(error))
        return REFUSED
    except MemoryError:
        os.abort()
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
