"""The one WebAssembly engine of this process.

Belongs here: how the engine is set up, and why. Does not: compiled modules (`code`), stores
(`machine`), the clock tick (`ticking`).

Invariant: all machines of a process share one engine, so that compiled code is shared.
"""

from __future__ import annotations

import functools
import resource
import threading
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from boxer.errors import EngineError
from boxer.runtime import native

# Room for deep recursion in C: CPython's parser needs 1.9 MB for what it accepts elsewhere.
LARGEST_WASM_STACK = 6 << 20
# What host functions and Python itself may need of a thread's stack, generously.
HOST_SHARE = 1 << 20
# A new thread's stack where the limit is "unlimited" (glibc: ARCH_STACK_DEFAULT_SIZE).
UNLIMITED_THREAD_STACK = 2 << 20
# A time limit is exact to a tick. Each costs a guest a few microseconds.
TICK = 0.01
# What no box needs. Code of these is refused before it is compiled, and native/reading.c need not
# know it: references with types of their own, other memories than one of 32 bits, threads, vectors
# whose results are the processor's, what is not in the standard yet. Kept: exceptions (C++,
# setjmp), vectors, references, tail calls, bulk memory. native/launcher.c states the same.
TURNED_OFF = (
    "component_model", "custom_page_sizes", "function_references", "gc", "memory64",
    "multi_memory", "relaxed_simd", "stack_switching", "threads", "wide_arithmetic",
)  # fmt: skip


def wasm_stack(limit: int | None = None) -> int:
    """How much of a thread's stack a guest may use. limit: the stack of a thread, by default
    RLIMIT_STACK as it was at first.

    A guest that recurses beyond it traps. Were it larger than the thread's stack, the guest would
    end this process instead: `check_stack`.
    """
    limit = _first_limit() if limit is None else limit
    thread = UNLIMITED_THREAD_STACK if limit == resource.RLIM_INFINITY else limit
    return min(LARGEST_WASM_STACK, max(thread // 4, thread - HOST_SHARE))


@functools.cache
def _first_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_STACK)[0]


def check_stack() -> None:
    """Raises `EngineError` in a thread that was given less stack than a guest may use."""
    given = threading.stack_size()
    if given and given < wasm_stack() and threading.current_thread() is not threading.main_thread():
        raise too_little_stack()


def too_little_stack() -> EngineError:
    needed = (wasm_stack() + HOST_SHARE) >> 20
    return EngineError(
        "The thread has too little stack for a machine.",
        hint=f"Start it after `threading.stack_size({needed} << 20)`, or with the default size.",
    )


def entered_from_handler() -> EngineError:
    return EngineError(
        "A machine was used in the handler of a signal that had interrupted another machine.",
        hint="Note in the handler what is to be done, and do it outside of it.",
    )


def refused(why: int) -> EngineError:
    """Why a machine was not entered; why: a number of the native library's."""
    if why == native.TOO_LITTLE_STACK:
        return too_little_stack()
    if why == native.IN_SIGNAL_HANDLER:
        return entered_from_handler()
    if why == native.NO_NETWORK:
        return EngineError(
            "The machine's network cannot begin: this process has no file descriptor left.",
            hint="Raise the limit of open files (`ulimit -n`).",
        )
    return EngineError(
        "No machine can be ended at a limit: every real-time signal of this process has a handler.",
        hint="Leave one of the signals SIGRTMIN to SIGRTMAX without a handler.",
    )


def ticks_by_epochs() -> bool:
    """Whether the engine compiles a look at a counter into the guest's loops: only where the native
    library, which does without (native/interrupt.c), is missing."""
    return native.library() is None


@functools.cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    stack = wasm_stack()
    # Never used, since nothing here is async; wasmtime aborts if it is not the larger one.
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), stack + HOST_SHARE)
    config.max_wasm_stack = stack
    config.epoch_interruption = ticks_by_epochs()
    # The whole range of a 32-bit memory, so that its base address never changes (`memory`).
    config.memory_reservation = 1 << 32
    config.memory_may_move = False
    for feature in TURNED_OFF:
        setattr(config, f"wasm_{feature}", False)
    # What a base's training showed of its branches. No more than hints: wrong ones cost time.
    ffi.wasmtime_config_wasm_branch_hinting_set(config.ptr(), True)
    return wasmtime.Engine(config)


@functools.cache
def engine_tag() -> str:
    """Names what compiled code depends on, as far as a folder's name should show it. Wasmtime
    itself refuses code of another version, configuration or processor."""
    package = Path(wasmtime.__file__).parent
    found = sorted(entry.name for entry in package.parent.glob("wasmtime-*.dist-info"))
    name = found[0].removesuffix(".dist-info") if found else "wasmtime"
    return name + ("-epochs-3" if ticks_by_epochs() else "-4")
