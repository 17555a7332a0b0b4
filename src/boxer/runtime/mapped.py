"""Machines of the native library: their memory is a copy-on-write mapping of an image.

Belongs here: images and machines as objects, a native outcome as an `Outcome`. Does not: pools, nor
what a request means.

Invariants
1. An image outlives the machines over it, and so does their linked code.
2. What a run captured is copied out before the machine is entered again.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import mmap
import os
import sys
import threading
from collections.abc import Callable, Sequence
from ctypes import byref
from typing import Any
from weakref import WeakKeyDictionary

from boxer.boxfile import MemoryImage
from boxer.errors import EngineError, LimitValueError, MountError, UnsupportedModuleError
from boxer.runtime import asking, native
from boxer.runtime.asking import Cancel
from boxer.runtime.code import Code
from boxer.runtime.engine import (
    HOST_SHARE,
    engine,
    refused,
    wasm_stack,
)
from boxer.runtime.entry import Outcome, RunOptions, Usage, reached_limit
from boxer.runtime.exitstatus import ExitStatus
from boxer.runtime.forwarding import forwarded
from boxer.runtime.imagefile import with_nameless_file, write_image
from boxer.runtime.lives import Lives
from boxer.runtime.mounts import Mount, native_folders
from boxer.runtime.native import Lives as NativeLives
from boxer.runtime.native import (
    NativeListener,
    NativeMembership,
    NativeNetwork,
    NativeOutcome,
    Run,
)
from boxer.runtime.opened import OpenNetwork
from boxer.runtime.stdio import Stream
from boxer.runtime.traps import SIGKILL, crash_of_code, crash_of_text
from boxer.wasmformat import PAGE

SECOND = 1_000_000_000
PIECE = 1 << 20

_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.argtypes, _view.restype = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int), ctypes.py_object
_READ = 0x100  # PyBUF_READ
_libc = ctypes.CDLL(None)
_libc.memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def is_available() -> bool:
    """Whether this machine has the native library."""
    return native.library() is not None


def library() -> Any:
    """The native library; `is_available` is asked first."""
    loaded = native.library()
    assert loaded is not None, "`is_available` is asked first"
    return loaded


def _made(made: int | None, why: str) -> int:
    if made is None:
        raise UnsupportedModuleError(f"No machine can be made: {why}.")
    return made


def _in_a_file(make: Callable[[int], tuple[int | None, str]]) -> int:
    """What is made of a machine's memory in a nameless file. Raises `EngineError`."""

    def made(descriptor: int) -> int:
        address, why = make(descriptor)
        if address is None:
            raise OSError(None, why)
        return address

    try:
        return with_nameless_file(made)
    except OSError as error:
        raise EngineError(f"The machine's memory cannot be kept: {error.strerror}.") from None


class MappedImage:
    """An image in memory of its own, shared by all machines over it."""

    def __init__(self, address: int, size: int) -> None:
        self.address = address
        self.size = size

    @classmethod
    def of(cls, image: MemoryImage) -> MappedImage:
        """Raises `EngineError` where the host has no room for it."""
        try:
            return with_nameless_file(lambda descriptor: cls._written(descriptor, image))
        except OSError as error:
            raise EngineError(f"The image cannot be written: {error}.") from None

    @classmethod
    def _written(cls, descriptor: int, image: MemoryImage) -> MappedImage:
        write_image(descriptor, image)
        return cls.of_file(descriptor, image.size)

    @classmethod
    def of_zeros(cls, size: int) -> MappedImage:
        """One that takes no file: a machine over it is filled from outside."""
        made, why = native.making(library().boxer_image_of_zeros, size)
        if made is None:
            raise EngineError(f"No machine can be made: {why}.")
        return cls(made, size)

    @classmethod
    def of_file(cls, descriptor: int, size: int) -> MappedImage:
        made, why = native.making(library().boxer_image_new, descriptor, size)
        if made is None:
            raise EngineError(f"The image cannot be used: {why}.")
        return cls(made, size)

    def map_over(self, address: int) -> None:
        """Maps it copy-on-write over memory of its size."""
        if library().boxer_image_map(self.address, address):
            raise EngineError("The image cannot be mapped.")

    @functools.cached_property
    def place(self) -> mmap.mmap:
        """All of it, to be read: pages that all who read share."""
        place = mmap.mmap(-1, self.size)
        start = ctypes.c_char.from_buffer(place)
        self.map_over(ctypes.addressof(start))
        return place

    @functools.cached_property
    def digest(self) -> str:
        """The sha256 of all of it."""
        return hashlib.sha256(self.place).hexdigest()

    def __del__(self) -> None:
        if self.address:
            library().boxer_image_free(self.address)


class _Linked:
    """Code linked with preview 1, and how many machines run it. A collection may finalise it before
    them: it is freed when the last of all is gone."""

    def __init__(self, address: int) -> None:
        self.address = address
        self._holders = 1
        self._counting = threading.RLock()
        # Looked up now: at the interpreter's end names are gone, and the process frees all.
        self._free, self._is_ending = library().boxer_code_free, sys.is_finalizing

    def hold(self) -> None:
        with self._counting:
            self._holders += 1

    def release(self) -> None:
        with self._counting:
            self._holders -= 1
            if self._holders == 0 and not self._is_ending():
                self._free(self.address)

    def __del__(self) -> None:
        self.release()


_linked: WeakKeyDictionary[Code, _Linked] = WeakKeyDictionary()
_linking = threading.RLock()


def _linked_code(code: Code) -> _Linked:
    with _linking:
        known = _linked.get(code)
        if known is None:
            address, why = native.making(
                library().boxer_code_new,
                native.engine_library().encode(),
                ctypes.cast(engine().ptr(), ctypes.c_void_p),
                ctypes.cast(code.module.ptr(), ctypes.c_void_p),
                wasm_stack() + HOST_SHARE // 2,
            )
            known = _linked[code] = _Linked(_made(address, why))
        return known


_resettable: dict[str, bool] = {}


def is_resettable(digest: str, code: bytes) -> bool:
    """Whether a reset puts back all that this code-only module can change. digest: its sha256."""
    if digest not in _resettable:
        _resettable[digest] = bool(library().boxer_code_is_resettable(code, len(code)))
    return _resettable[digest]


def prepared(options: RunOptions) -> Run:
    """The C form of what a machine is given; may be used again and by several threads at once."""
    limits = options.limits
    environment = (*options.environment, limits.for_the_guest(wasm_stack()))
    variables = b"".join(text + b"\0" for text in environment)
    stdin = options.stdin if isinstance(options.stdin, bytes) else b""
    run = Run(
        environment=variables,
        environment_count=len(environment),
        environment_size=len(variables),
        thaw=options.thaw,
        tasks=limits.tasks,
        time_ns=_nanoseconds(limits.time),
        cpu_ns=_nanoseconds(limits.cpu),
        output=native.NO_LIMIT if limits.output_bytes is None else limits.output_bytes,
        attend=native.attend_python(),
    )
    with_line(run, options.arguments, stdin)
    streams = (options.stdin, options.stdout, options.stderr)
    for number, stream in enumerate(streams):
        run.descriptors[number] = number if stream is Stream.INHERIT else -1
    if options.descriptors is not None:
        run.descriptors[:] = options.descriptors
    if options.word is not None:
        run.word = ctypes.pointer(options.word.native)
    run.orders = options.orders + 1
    if options.ask is not None:
        run.ask = asking.address()
    if options.network is not None:
        run.network = ctypes.pointer(_network(options.network))
    if options.lives is not None:
        run.lives = ctypes.pointer(_lives(options.lives))
    return run


def with_line(run: Run, arguments: Sequence[bytes], stdin: bytes) -> Run:
    """The same run with this command line and input."""
    told = b"".join(text + b"\0" for text in arguments)
    run.arguments, run.argument_count, run.argument_size = told, len(arguments), len(told)
    run.input, run.input_size = stdin, len(stdin)
    return run


def _lives(lives: Lives) -> NativeLives:
    output = lives.limits.output_bytes
    return NativeLives(
        lives.most,
        lives.control,
        _nanoseconds(lives.limits.time),
        _nanoseconds(lives.silence),
        _nanoseconds(lives.limits.cpu),
        native.NO_LIMIT if output is None else output,
        _nanoseconds(lives.grace),
    )


def _network(network: OpenNetwork) -> NativeNetwork:
    listeners = [
        NativeListener(one.descriptor, one.protocol, one.family, one.port)
        for one in network.listeners
    ]
    array = (NativeListener * len(listeners))(*listeners)
    memberships = [
        NativeMembership(
            one.folder, one.prefix, (ctypes.c_uint8 * 4)(*one.address), one.network.encode()
        )
        for one in network.memberships
    ]
    others = (NativeMembership * len(memberships))(*memberships)
    return NativeNetwork(
        array, len(listeners), network.log, network.policy, others, len(memberships)
    )


def _nanoseconds(seconds: float | None) -> int:
    return native.NO_LIMIT if seconds is None else int(seconds * SECOND)


class MappedInstance:
    """An `Instance`. memory_limit: bytes, the image included. mounts: for its one life. address: of
    a machine that exists. brief: where short results lie."""

    def __init__(
        self,
        code: Code,
        image: MappedImage,
        memory_limit: int,
        mounts: Sequence[Mount] = (),
        address: int | None = None,
    ) -> None:
        self.address = address or 0
        self.image = image
        self.native_outcome = NativeOutcome()
        self._code = code
        self._memory_limit = memory_limit
        self._library = library()
        self._outcome = byref(self.native_outcome)
        self.outcome_address = ctypes.addressof(self.native_outcome)
        self.brief = memoryview(self.native_outcome).cast("B")[NativeOutcome.brief.offset + 1 :]
        self._linked = _linked_code(code)
        if address is None:
            self.address = self._new()
        self._linked.hold()
        if mounts:
            self._mount(mounts)

    def _new(self) -> int:
        image, memory_limit = self.image, self._memory_limit
        if image.size > memory_limit:
            raise LimitValueError(
                f"The box needs `{image.size >> 20}` MiB of memory to start, the limit is"
                f" `{memory_limit >> 20}` MiB."
            )
        new, code = self._library.boxer_machine_new, self._linked.address
        return _made(*native.making(new, code, image.address, memory_limit))

    def _mount(self, mounts: Sequence[Mount]) -> None:
        folders = native_folders(mounts)
        mount = self._library.boxer_machine_mount
        failed, why = native.making(mount, self.address, folders, len(folders))
        if failed:
            raise MountError(f"Nothing can be mounted: {why}.")

    def run(self, options: RunOptions) -> Outcome:
        def begin(stop_ns: int) -> None:
            self._library.boxer_machine_forward(self.address, stop_ns)

        run = prepared(options)
        with forwarded(options.stop_timeout, begin):
            options.began()
            self._library.boxer_machine_run(self.address, run, byref(self.native_outcome))
        return self.outcome()

    def call(self, options: RunOptions, request: bytes, cancel: Cancel | None = None) -> Outcome:
        run = prepared(options)
        self._library.boxer_machine_call(
            self.address, run if cancel is None else cancel.within(run), request, len(request),
            byref(self.native_outcome),
        )  # fmt: skip
        return self.outcome()

    def serve(self, run: Any, request: bytes | None) -> NativeOutcome:
        """A call, or a run where there is no request, and the reset behind it. What it captured is
        the machine's until it is entered again; `reusable` says whether it may be. run: a reference
        to a `Run`."""
        size = 0 if request is None else len(request)
        self._library.boxer_machine_serve(self.address, run, request, size, self._outcome)
        return self.native_outcome

    def serve_briefly(self, run: Any, request: bytes) -> int:
        """As `serve`, for a call. Where it went as most do, the size of the result, whose JSON
        `brief` begins with, and from bit 16 on the pages that were put back; 0: the outcome says
        more."""
        told: int = self._library.boxer_machine_serve(
            self.address, run, request, len(request), self._outcome
        )
        return told

    @property
    def dirty_pages(self) -> int:
        """That the last reset put back."""
        return int(self.native_outcome.dirty_pages)

    def save(self, descriptor: int) -> bool:
        """Writes what is not the image's to an empty file. Raises OSError."""
        done = self._library.boxer_machine_save(self.address, descriptor)
        if done > 0:
            raise OSError(done, os.strerror(done))
        return bool(done == 0)

    def loaded(self, descriptor: int) -> MappedInstance:
        """A machine of the same image with what a `save` wrote, of this one or another. Raises
        `EngineError`."""
        made = MappedInstance(self._code, self.image, self._memory_limit)
        if self._library.boxer_machine_load(made.address, descriptor):
            made.close()
            raise EngineError("What was put away of a machine cannot be read.")
        return made

    def enter_call(self, run: Any, request: bytes) -> NativeOutcome:
        """As `serve`, without the reset."""
        self._library.boxer_machine_call(
            self.address, run, request, len(request), byref(self.native_outcome)
        )
        return self.native_outcome

    def enter(self, name: str, options: RunOptions) -> Outcome:
        self._library.boxer_machine_enter(
            self.address, name.encode(), prepared(options), byref(self.native_outcome)
        )
        return self.outcome()

    def reset(self) -> bool:
        return bool(self._library.boxer_machine_reset(self.address, byref(self.native_outcome)))

    def clear(self) -> bool:
        """As `reset`, for another life and not for a call: it may write anywhere."""
        return bool(self._library.boxer_machine_clear(self.address, byref(self.native_outcome)))

    def is_pristine(self) -> bool:
        """Whether its memory equals the image, compared byte for byte."""
        return bool(self._library.boxer_machine_is_pristine(self.address))

    def memory(self) -> bytes:
        size = ctypes.c_uint64()
        start = self._library.boxer_machine_memory(self.address, byref(size))
        return ctypes.string_at(start, size.value)

    def size(self) -> int:
        """Bytes of its memory."""
        size = ctypes.c_uint64()
        self._library.boxer_machine_memory(self.address, byref(size))
        return size.value

    def differing(self) -> list[tuple[int, bytes]]:
        """Where its memory differs from its image: runs of pages, in their order."""
        size = ctypes.c_uint64()
        start = self._library.boxer_machine_memory(self.address, byref(size))
        place = ctypes.c_char.from_buffer(self.image.place)
        image, shared = ctypes.addressof(place), min(size.value, self.image.size)
        runs: list[tuple[int, int]] = []
        for piece in range(0, shared, PIECE):
            if not _differ(start + piece, image + piece, min(PIECE, shared - piece)):
                continue
            for at in range(piece, min(piece + PIECE, shared), 4096):
                if not _differ(start + at, image + at, 4096):
                    continue
                if runs and runs[-1][1] == at:
                    runs[-1] = (runs[-1][0], at + 4096)
                else:
                    runs.append((at, at + 4096))
        if size.value > shared:
            runs.append((shared, size.value))
        return [(at, ctypes.string_at(start + at, end - at)) for at, end in runs]

    def put(self, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Writes to its memory; it has not been entered yet. Raises ValueError outside of it."""
        size = ctypes.c_uint64()
        start = self._library.boxer_machine_memory(self.address, byref(size))
        for at, data in pieces:
            if not 0 <= at <= size.value - len(data):
                raise ValueError("outside of the memory")
            ctypes.memmove(start + at, data, len(data))

    def fork(self) -> MappedInstance:
        """A second machine equal to this one."""
        fork, limit = self._library.boxer_machine_fork, self._memory_limit
        made = _in_a_file(lambda file: native.making(fork, self.address, limit, file))
        return MappedInstance(self._code, self.image, limit, address=made)

    def new_image(self, headroom: int = 0) -> MappedImage:
        """Its memory as an image of its own. headroom: so many bytes of zeros behind it, as far as
        the machine's limit of memory admits them: a machine whose memory has grown cannot be put
        back, so what calls will need is there from the start."""
        size = ctypes.c_uint64()
        self._library.boxer_machine_memory(self.address, byref(size))
        more = min(headroom, self._memory_limit - size.value) // PAGE * PAGE
        image_of = self._library.boxer_image_of
        made = _in_a_file(lambda file: native.making(image_of, self.address, file, more))
        return MappedImage(made, size.value + more)

    def close(self) -> None:
        address, self.address = self.address, 0
        if address:
            self._library.boxer_machine_free(address)
            self._linked.release()

    def __del__(self) -> None:
        self.close()

    def outcome(self) -> Outcome:
        """What the last entry came to. Raises what a signal's handler raised meanwhile."""
        return outcome_of(self.native_outcome)


def _differ(one: int, other: int, size: int) -> bool:
    return bool(_libc.memcmp(one, other, size))


def reply_in(native_outcome: NativeOutcome) -> memoryview:
    """The reply as it lies in the machine, which must not be entered or closed meanwhile."""
    view: memoryview = _view(native_outcome.reply, native_outcome.reply_size, _READ)
    return view


def outcome_of(native_outcome: NativeOutcome) -> Outcome:
    """Copies everything out. Raises what a signal's handler raised."""
    if native_outcome.kind == native.INTERRUPTED:
        raise _raised(native_outcome)
    if native_outcome.kind == native.REFUSED:
        raise refused(native_outcome.status)
    returned = native_outcome.kind == native.RETURNED
    reply = None
    if native_outcome.reply:
        reply = _bytes(native_outcome.reply, native_outcome.reply_size)
    return Outcome(
        _exit_status(native_outcome),
        _bytes(native_outcome.output, native_outcome.output_size),
        _bytes(native_outcome.errors, native_outcome.errors_size),
        reply,
        native_outcome.status if returned else None,
        Usage(
            native_outcome.time_ns / SECOND,
            native_outcome.cpu_ns / SECOND,
            native_outcome.memory,
        ),
    )


def _bytes(address: int | None, size: int) -> bytes:
    return ctypes.string_at(address, size) if address and size else b""


def _raised(native_outcome: NativeOutcome) -> BaseException:
    if not native_outcome.raised:
        return KeyboardInterrupt()
    raised: BaseException = native.new_object(native_outcome.raised)
    native_outcome.raised = None
    return raised


def _exit_status(native_outcome: NativeOutcome) -> ExitStatus:
    network = native_outcome.network_limit
    noted = network.decode() if network else reached_limit(native_outcome.reached)
    match native_outcome.kind:
        case native.RETURNED:
            return ExitStatus(0, noted)
        case native.EXITED:
            return ExitStatus(native_outcome.status & 0xFF, noted)
        case native.LIMIT:
            return ExitStatus(128 + SIGKILL, native.LIMITS[native_outcome.status])
        case native.TRAPPED:
            crash = crash_of_code(native_outcome.status)
        case _:
            crash = crash_of_text(native_outcome.message.decode("utf-8", "replace"))
    return ExitStatus(crash.exit_code, crash.limit or noted, crash.message)
