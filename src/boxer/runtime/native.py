"""The native library: native/ of the repository, compiled for this machine by `recipes`.

Belongs here: finding and declaring it. Does not: machines (`mapped`).

Invariants
1. It is loaded only from a folder nobody else can write to, like compiled code (`code`), or from
   among Boxer's own modules.
2. Without it runs are slower, and what they have not they are refused: `library` is None then, and
   that is said once, in a warning. A file that is cut short would end the process when it is
   touched (SIGBUS): its sha256 is compared first.
3. The structures are those of native/machine.h of the same ABI number; a test compares the sizes.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
import os
import platform
import struct
from collections.abc import Callable
from ctypes import (
    POINTER,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

from wasmtime import _ffi as ffi

from boxer.blobstore import OTHER_CACHE, cache_folder, cache_problem, sha256
from boxer.runtime.private import is_private, why_not_private

logger = logging.getLogger("boxer.runtime")
ABI = 20
# What a wheel brings (`wheels`): as safe as the modules beside it.
PACKAGED = Path(__file__).with_name("lib")
NO_LIMIT = (1 << 64) - 1
MESSAGE = 256
BRIEF = 500
NAME = "libboxer.so"
# e_shoff, e_shentsize and e_shnum of a 64 bit ELF header.
_ELF = struct.Struct("<40xQ10xHH2x")

RETURNED, EXITED, TRAPPED, LIMIT, INTERRUPTED, FAILED, REFUSED = range(7)
LIMITS = ("time", "cpu", "output", "memory", "sent", "received", "cancelled")
TOO_LITTLE_STACK, IN_SIGNAL_HANDLER, NO_SIGNAL, NO_NETWORK = 1, 2, 3, 4


class NativeListener(ctypes.Structure):
    """struct boxer_listener"""

    _fields_ = (
        ("descriptor", c_int32),
        ("protocol", c_uint32),
        ("family", c_uint32),
        ("port", c_uint32),
    )


class NativeMembership(ctypes.Structure):
    """struct boxer_membership"""

    _fields_ = (
        ("folder", c_int32),
        ("prefix", c_uint32),
        ("address", c_uint8 * 4),
        ("name", c_char_p),
    )


class NativeNetwork(ctypes.Structure):
    """struct boxer_network"""

    _fields_ = (
        ("listeners", POINTER(NativeListener)),
        ("listener_count", c_uint32),
        ("log", c_int32),
        ("policy", c_void_p),
        ("memberships", POINTER(NativeMembership)),
        ("membership_count", c_uint32),
    )


class Lives(ctypes.Structure):
    """struct boxer_lives"""

    _fields_ = (
        ("most", c_uint32),
        ("control", c_int32),
        ("time_ns", c_uint64),
        ("silence_ns", c_uint64),
        ("cpu_ns", c_uint64),
        ("output", c_uint64),
        ("grace_ns", c_uint64),
    )


class Run(ctypes.Structure):
    """struct boxer_run"""

    _fields_ = (
        ("arguments", c_char_p),
        ("environment", c_char_p),
        ("argument_count", c_uint32),
        ("argument_size", c_uint32),
        ("environment_count", c_uint32),
        ("environment_size", c_uint32),
        ("input", c_char_p),
        ("input_size", c_uint64),
        ("descriptors", c_int32 * 3),
        ("thaw", c_uint32),
        ("tasks", c_uint32),
        ("time_ns", c_uint64),
        ("cpu_ns", c_uint64),
        ("output", c_uint64),
        ("unmeasured", c_uint32),
        ("attend", c_void_p),
        ("epoch_ns", c_uint64),
        ("fixed", c_uint32),
        ("still", c_uint32),
        ("network", POINTER(NativeNetwork)),
        ("orders", c_int32),
        ("word", POINTER(c_uint32)),
        ("cancelled", POINTER(c_int32)),
        ("ask", c_void_p),
        ("lives", POINTER(Lives)),
    )


class Folder(ctypes.Structure):
    """struct boxer_folder"""

    _fields_ = (("host", c_char_p), ("name", c_char_p), ("read_only", c_uint32))


class NativeOutcome(ctypes.Structure):
    """struct boxer_outcome"""

    _fields_ = (
        ("kind", c_uint32),
        ("status", c_uint32),
        ("time_ns", c_uint64),
        ("cpu_ns", c_uint64),
        ("memory", c_uint64),
        ("dirty_pages", c_uint64),
        ("reached", c_uint32),
        ("reusable", c_uint32),
        ("output", c_void_p),
        ("errors", c_void_p),
        ("reply", c_void_p),
        ("output_size", c_uint64),
        ("errors_size", c_uint64),
        ("reply_size", c_uint64),
        ("raised", c_void_p),
        ("network_limit", c_char_p),
        ("message", c_char * MESSAGE),
        ("brief", c_uint8 * BRIEF),
    )


class Tally(ctypes.Structure):
    """struct boxer_tally"""

    _fields_ = (("resets", c_uint64), ("dirty_pages", c_uint64))


class Calls(ctypes.Structure):
    """struct boxer_calls"""

    _fields_ = (("run", POINTER(Run)), ("tally", POINTER(Tally)), ("is_over", c_uint32))


_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "boxer_native_abi": (c_uint32, ()),
    "boxer_code_new": (c_void_p, (c_char_p, c_void_p, c_void_p, c_uint64, c_char_p)),
    "boxer_code_free": (None, (c_void_p,)),
    "boxer_code_is_resettable": (c_int, (c_char_p, c_uint64)),
    "boxer_image_new": (c_void_p, (c_int, c_uint64, c_char_p)),
    "boxer_image_of_zeros": (c_void_p, (c_uint64, c_char_p)),
    "boxer_image_of": (c_void_p, (c_void_p, c_int, c_uint64, c_char_p)),
    "boxer_image_free": (None, (c_void_p,)),
    "boxer_image_map": (c_int, (c_void_p, c_void_p)),
    "boxer_machine_new": (c_void_p, (c_void_p, c_void_p, c_uint64, c_char_p)),
    "boxer_machine_free": (None, (c_void_p,)),
    "boxer_machine_mount": (c_int, (c_void_p, POINTER(Folder), c_uint32, c_char_p)),
    "boxer_machine_run": (None, (c_void_p, POINTER(Run), POINTER(NativeOutcome))),
    "boxer_machine_call": (
        None,
        (c_void_p, POINTER(Run), c_char_p, c_uint64, POINTER(NativeOutcome)),
    ),
    "boxer_machine_serve": (
        c_uint64,
        (c_void_p, POINTER(Run), c_char_p, c_uint64, POINTER(NativeOutcome)),
    ),
    "boxer_machine_enter": (None, (c_void_p, c_char_p, POINTER(Run), POINTER(NativeOutcome))),
    "boxer_ask_python_with": (c_int, (ctypes.py_object,)),
    "boxer_machine_reset": (c_int, (c_void_p, POINTER(NativeOutcome))),
    "boxer_machine_clear": (c_int, (c_void_p, POINTER(NativeOutcome))),
    "boxer_machine_fork": (c_void_p, (c_void_p, c_uint64, c_int, c_char_p)),
    "boxer_machine_save": (c_int, (c_void_p, c_int)),
    "boxer_machine_load": (c_int, (c_void_p, c_int)),
    "boxer_machine_memory": (c_void_p, (c_void_p, POINTER(c_uint64))),
    "boxer_machine_grow": (c_int, (c_void_p, c_uint64)),
    "boxer_machine_constant": (c_uint32, (c_void_p, c_char_p)),
    "boxer_machine_is_pristine": (c_int, (c_void_p,)),
    "boxer_machine_forward": (None, (c_void_p, c_int64)),
    "boxer_signals_begin": (None, (c_void_p, c_uint64, c_uint32, c_int64)),
    "boxer_signals_end": (None, ()),
    "boxer_watched_new": (c_void_p, (c_char_p, c_void_p, c_void_p, c_void_p, c_char_p)),
    "boxer_watched_begin": (c_int, (c_void_p, c_void_p, c_uint64, c_uint64)),
    "boxer_watched_end": (None, (c_void_p,)),
    "boxer_watched_free": (None, (c_void_p,)),
    "boxer_policy_new": (c_void_p, (c_char_p, c_size_t, c_char_p, c_size_t)),
    "boxer_policy_free": (None, (c_void_p,)),
}


@functools.cache
def library() -> ctypes.CDLL | None:
    """The library, or None where it has not been made. BOXER_NATIVE=0 does without it."""
    if os.environ.get("BOXER_NATIVE") == "0":
        return None
    folder = native_folder()
    loaded = _loaded(folder)
    if loaded is None:
        why, hint = _why_not(folder)
        logger.warning(
            "note: Boxer's native library for this machine %s: boxes run slower, and without "
            "processes, a network and mounted folders. %s", why, hint,
        )  # fmt: skip
    return loaded


def _why_not(folder: Path) -> tuple[str, str]:
    """Why there is no library, and what to do."""
    if folder != PACKAGED:
        if not folder.exists() and (problem := cache_problem()):
            return f"is looked for in the cache, and {problem}", OTHER_CACHE
        if folder.exists() and not is_private(folder):
            why, hint = why_not_private(folder)
            return f"is not taken: {why}", hint
    hint = "Wheels bring it; in a checkout `make bases` makes it."
    return "is missing or damaged", hint


def _loaded(folder: Path) -> ctypes.CDLL | None:
    try:
        if folder != PACKAGED and not is_private(folder):
            return None
        if not is_whole(folder / NAME):
            return None
        loaded = ctypes.CDLL(str(folder / NAME))
        for name, (result, parameters) in _SIGNATURES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, parameters
    except (OSError, AttributeError):
        return None
    return loaded if loaded.boxer_native_abi() == ABI else None


def is_whole(file: Path) -> bool:
    """Whether the library is the file that was made, by the sum beside it. One without a sum, as a
    wheel brings it, must at least have all its bytes: the table its head names comes last (elf(5)).
    Raises OSError."""
    data = file.read_bytes()
    with contextlib.suppress(FileNotFoundError):
        return sha256(data) == file.with_name(f"{file.name}.sha256").read_text("ascii").strip()
    if len(data) < _ELF.size:
        return False
    table, size, count = _ELF.unpack_from(data)
    return data[:4] == b"\x7fELF" and len(data) >= table + size * count


def native_folder() -> Path:
    """Where the library is: among Boxer's own modules in a wheel, else where recipes/native.py
    leaves it and the launcher."""
    if PACKAGED.is_dir():
        return PACKAGED
    return cache_folder() / "native" / f"{ABI}-{platform.machine()}"


def engine_library() -> str:
    """The path of wasmtime's own library."""
    return str(ffi.dll._name)


@functools.cache
def attend_python() -> int:
    """The address of what serves this process's signals while a machine runs."""
    loaded = library()
    assert loaded is not None
    return ctypes.cast(loaded.boxer_attend_python, c_void_p).value or 0


def calling(
    calls: Calls, head: bytes, hooks: tuple[object, ...]
) -> Callable[[tuple[object, ...], dict[str, object]], Any] | None:
    """What makes calls whose requests begin with `head`: native/calling.c. None: this Python's own
    functions cannot be found, or it is without its lock."""
    loaded = library()
    assert loaded is not None
    make = ctypes.PyDLL(loaded._name, handle=loaded._handle).boxer_python_calls
    make.restype = c_void_p  # not an object: ctypes cannot take null for one
    make.argtypes = (POINTER(Calls), c_char_p, c_uint64, ctypes.py_object)
    made: Callable[..., Any] | None = new_object(make(calls, head, len(head), hooks))
    return made


def new_object(address: int | None) -> Any:
    """The object of Python's there, whose reference becomes the caller's. None: there is none."""
    if not address:
        return None
    found = ctypes.cast(address, ctypes.py_object).value
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(found))
    return found


def making(function: Callable[..., int | None], *arguments: object) -> tuple[int | None, str]:
    """Calls a function that makes something: its address, or None and why."""
    message = ctypes.create_string_buffer(MESSAGE)
    made = function(*arguments, message)
    return made, message.value.decode("utf-8", "replace")
