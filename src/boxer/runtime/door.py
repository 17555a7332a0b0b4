"""The way between the engine and our host functions, both directions.

Belongs here: calling a guest, being called by it, carrying failures across. Does not: what a host
function does (`preview1`).

Why not wasmtime-py's own trampolines: they hand an exception over in one variable for the whole
process, so that of two threads one can get the other's; and they cost five times as much.

Invariants
1. A guest is entered by `enter` only, on one thread at a time; while it runs it is `_local.guest`
   of that thread, and so the host functions, defined once for all machines, know whose they are.
2. No exception leaves a callback: it is kept in the guest, the guest is ended by a trap, and
   `enter` raises it again on the other side.
3. Only functions whose type was checked are called: unchecked calls trust the caller.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from boxer.errors import UnsupportedModuleError
from boxer.runtime.abi import SIGNATURES, Errno
from boxer.runtime.memory import BadAddressError
from boxer.runtime.preview1 import FUNCTIONS, Host, denied
from boxer.wasmformat import HOST

Function = Callable[..., int]

NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
# A trap's code and text are never seen: the failure kept in the guest takes their place.
TRAP_TEXT = b"ended by the host"


class Guest:
    """What a callback needs to know of the machine it serves."""

    __slots__ = ("failure", "host")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.failure: BaseException | None = None


class _Local(threading.local):
    guest: Guest | None = None


_local = _Local()
# ctypes callbacks must outlive the engine that calls them.
_kept: list[object] = []


def current() -> Guest:
    """The guest that runs on this thread."""
    guest = _local.guest
    assert guest is not None, "a host function was called outside of `enter`"
    return guest


def enter(store: wasmtime.Store, guest: Guest, function: wasmtime.Func) -> int | None:
    """Calls a function of no parameters and at most one i32 result.

    Raises what ended the guest: an exception of a host function, `wasmtime.Trap` or
    `wasmtime.WasmtimeError`.
    """
    results = _checked_results(store, function)
    slots = (ffi.wasmtime_val_raw_t * 1)()
    trap = ctypes.POINTER(ffi.wasm_trap_t)()
    before, _local.guest = _local.guest, guest
    guest.failure = None
    try:
        error = ffi.wasmtime_func_call_unchecked(
            store._context(), ctypes.byref(function._func), slots, 1, ctypes.byref(trap)
        )
    finally:
        _local.guest = before
    # Owned from here on, whatever is raised.
    ended = _ending(error, trap)
    if guest.failure is not None:
        raise guest.failure
    if ended is not None:
        raise ended
    return slots[0].i32 if results else None


def _ending(error: Any, trap: Any) -> wasmtime.Trap | wasmtime.WasmtimeError | None:
    if trap:
        return wasmtime.Trap._from_ptr(trap)
    return wasmtime.WasmtimeError._from_ptr(error) if error else None


def _checked_results(store: wasmtime.Store, function: wasmtime.Func) -> int:
    kind = function.type(store)
    results = [str(result) for result in kind.results]
    if kind.params or results not in ([], ["i32"]):
        raise UnsupportedModuleError("An exported function has another type than a base gives it.")
    return len(results)


def define(linker: wasmtime.Linker, name: str, function: Function) -> None:
    """Defines a preview 1 function, called as `function(guest's host, *arguments)`."""
    kinds = SIGNATURES[name]
    callback = ffi.wasmtime_func_unchecked_callback_t(_callback(kinds, function))
    _kept.append(callback)
    kind = function_type(name)  # owns what its pointer points to
    error = ffi.wasmtime_linker_define_func_unchecked(
        linker.ptr(),
        ctypes.create_string_buffer(HOST.encode()),
        len(HOST),
        ctypes.create_string_buffer(name.encode()),
        len(name),
        kind.ptr(),
        callback,
        None,
        NO_FINALIZER,
    )
    if error:
        raise wasmtime.WasmtimeError._from_ptr(error)


def define_preview1(linker: wasmtime.Linker) -> None:
    """All of preview 1, without files."""
    for name in SIGNATURES:
        define(linker, name, FUNCTIONS.get(name, denied))


def function_type(name: str) -> wasmtime.FuncType:
    types = {"i": wasmtime.ValType.i32, "I": wasmtime.ValType.i64}
    results = [] if name == "proc_exit" else [wasmtime.ValType.i32()]
    return wasmtime.FuncType([types[kind]() for kind in SIGNATURES[name]], results)


def _callback(kinds: str, function: Function) -> Callable[..., int]:
    fields = tuple((place, "i32" if kind == "i" else "i64") for place, kind in enumerate(kinds))

    def call(environment: Any, caller: Any, values: Any, count: int) -> int:
        guest = current()
        try:
            # A guest that does little else than call is seldom met in its own code by a tick.
            guest.host.watch.check()
            arguments = [getattr(values[place], name) for place, name in fields]
            values[0].i32 = function(guest.host, *arguments)
        except BadAddressError:
            values[0].i32 = Errno.FAULT
        except BaseException as failure:
            guest.failure = failure
            return address_of(ffi.wasmtime_trap_new(TRAP_TEXT, len(TRAP_TEXT)))
        return 0

    return call


def address_of(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0
