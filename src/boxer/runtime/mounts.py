"""Host folders and files in a box: wasmtime's own WASI behind our functions.

Belongs here: what is mounted, and which of preview 1's functions reach it. Does not: the standard
streams, clocks and the rest, which stay ours (`preview1`).

wasmtime's path walking (cap-std) is what keeps a guest inside a mounted folder, symbolic links and
`..` included; we write no such code. Its functions find the memory through their caller's exports.
A box calls those for paths directly. Those that take a descriptor are ours for 0, 1 and 2, and
hand the others on through a small module that exports the box's memory as its own.

A file that can block, a FIFO say, is never opened: it would be read and written by a thread of the
engine's, which no limit ends.

Invariants
1. Without mounts none of this is there: no function of wasmtime's WASI is linked.
2. A folder is reachable only through a mount that names it, read-only where it says so.
3. Preview 1 has folders only. A file is the only one in a folder of its own, by a second name of
   the same file, or for reading by a copy; the box's kernel shows no more of that folder.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from boxer.blobstore import cache_folder
from boxer.ending import temporary_folder
from boxer.errors import MountError
from boxer.runtime import modes
from boxer.runtime.abi import SIGNATURES, Errno, Filetype
from boxer.runtime.door import Function, Guest, current, define, inner_call
from boxer.runtime.engine import engine
from boxer.runtime.preview1 import FUNCTIONS, STDERR, Host
from boxer.wasmformat import HOST

# Functions of a descriptor that is a standard stream for us, and a file for wasmtime.
SHARED = (
    "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_filestat_get",
    "fd_read", "fd_seek", "fd_sync", "fd_tell", "fd_write",
)  # fmt: skip
# The box's kernel knows a file's folder by this (guest/kernel/fs/host/mount.c).
FILE_MARK = "file:"
ONLY_FILE = "file"
# Handed on as well: `path_open` is ours where mounts are; the last one is asked for modes, too
# (`modes`).
PASSED = (*SHARED, "path_filestat_get", "path_open", modes.FUNCTION)
# What may be opened. Of a link that is not followed the engine says so.
OPENED = frozenset({Filetype.REGULAR_FILE, Filetype.DIRECTORY, Filetype.SYMBOLIC_LINK})
# struct filestat: its size, and where the file type stands (witx).
FILESTAT_SIZE, FILESTAT_TYPE = 64, 16
# Kinds of parameters of all PASSED functions, as WebAssembly text.
_TYPES = {"i": "i32", "I": "i64"}


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the host, seen at `guest`: an absolute path, or one below the box's
    working directory."""

    host: str | Path
    guest: str
    read_only: bool = False


@functools.cache
def linker() -> wasmtime.Linker:
    """Preview 1 with files: ours where it is ours, wasmtime's for the rest."""
    made = wasmtime.Linker(engine())
    made.allow_shadowing = True
    made.define_wasi()
    for name, function in FUNCTIONS.items():
        define(made, name, _shared(name, function) if name in SHARED else function)
    define(made, modes.FUNCTION, _set_times)
    define(made, "path_open", _path_open)
    return made


@contextmanager
def folders_of(mounts: Sequence[Mount]) -> Iterator[list[Mount]]:
    """The mounts as folders, for the body (invariant 3). Raises `MountError`."""
    with ExitStack() as stack:
        yield [_folder(mount, stack) for mount in mounts]


def _folder(mount: Mount, stack: ExitStack) -> Mount:
    if mount.guest.startswith((FILE_MARK, modes.MARK)):
        raise MountError(f"`{mount.guest}` is no place in a box.")
    file = Path(mount.host)
    if not file.is_file():
        return mount
    for parent in (None, cache_folder(), file.resolve().parent):
        with contextlib.suppress(OSError):  # of another file system, or not to be written to
            folder = stack.enter_context(temporary_folder(".boxer-file-", parent))
            os.link(file.resolve(), folder / ONLY_FILE)
            return Mount(folder, FILE_MARK + mount.guest, mount.read_only)
    if not mount.read_only:
        raise MountError(
            f"The file `{mount.host}` cannot be mounted to be written to: it can have no second"
            " name where it lies.",
            hint=f"Mount it with `:ro`, or its folder: `-v {file.parent}:..`.",
        )
    folder = stack.enter_context(temporary_folder(".boxer-file-"))
    try:
        shutil.copy2(file, folder / ONLY_FILE)
    except OSError as error:
        raise MountError(f"`{mount.host}` cannot be read: {error.strerror}.") from None
    return Mount(folder, FILE_MARK + mount.guest, True)


def configure(store: wasmtime.Store, mounts: Sequence[Mount]) -> list[tuple[str, bool]]:
    """Gives the store its folders: their paths, and whether they are read-only. Raises
    `MountError`."""
    config = wasmtime.WasiConfig()
    folders = []
    for mount in mounts:
        path = _checked(mount)
        folders.append((path, mount.read_only))
        try:
            config.preopen_dir(path, modes.MARK + mount.guest, not mount.read_only)
        except wasmtime.WasmtimeError:
            raise MountError(f"`{mount.host}` cannot be opened as a folder.") from None
    store.set_wasi(config)
    return folders


def connect(store: wasmtime.Store, guest: Guest, memory: wasmtime.Memory) -> None:
    """Makes the store's files reachable for our functions."""
    passing = wasmtime.Linker(engine())
    passing.define_wasi()
    passing.define(store, "box", "memory", memory)
    exports = passing.instantiate(store, _passing_module()).exports(store)
    for name in PASSED:
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        guest.files[name] = _reaching(store, function, SIGNATURES[name])


def _checked(mount: Mount) -> str:
    path = os.fspath(mount.host)
    if not mount.guest or "\0" in mount.guest + path:
        raise MountError(f"`{mount.guest}` is no place in a box.")
    if not Path(path).is_dir():
        problem = "is no folder and no file" if Path(path).exists() else "does not exist"
        raise MountError(
            f"`{path}` {problem}; it cannot be mounted.",
            hint="`-v ./data:/data` makes the folder; a volume's name has no `/` in it.",
        )
    return path


def _shared(name: str, ours: Function) -> Function:
    def call(host: Host, descriptor: int, *rest: int) -> int:
        if 0 <= descriptor <= STDERR:
            return ours(host, descriptor, *rest)
        return current().files[name](descriptor, *rest)

    return call


def _set_times(
    host: Host,
    descriptor: int,
    lookup: int,
    path: int,
    length: int,
    atime: int,
    mtime: int,
    flags: int,
) -> int:
    guest = current()
    if not modes.is_asked(flags):
        times = (descriptor, lookup, path, length, atime, mtime, flags)
        return guest.files[modes.FUNCTION](*times)
    return modes.answer(host, guest.folders, descriptor, (path, length), (atime, mtime), flags)


def _path_open(host: Host, folder: int, lookup: int, path: int, size: int, *rest: int) -> int:
    """What is swapped for a FIFO between the two calls is the host's doing: a guest makes none."""
    files, memory = current().files, host.memory
    # The engine answers into the guest's memory; the guest stands still meanwhile.
    kept = memory.read(0, FILESTAT_SIZE)
    error = files["path_filestat_get"](folder, lookup, path, size, 0)
    kind = memory.read(FILESTAT_TYPE, 1)[0]
    memory.write(0, kept)
    if not error and kind not in OPENED:
        return Errno.NXIO
    return files["path_open"](folder, lookup, path, size, *rest)


def _reaching(store: wasmtime.Store, function: wasmtime.Func, kinds: str) -> Function:
    def call(*arguments: int) -> int:
        return inner_call(store, function, kinds, arguments)

    return call


@functools.cache
def _passing_module() -> wasmtime.Module:
    """A module that hands its calls on with the box's memory as its own."""
    imports, functions = [], []
    for name in PASSED:
        kinds = SIGNATURES[name]
        signature = f"(param {' '.join(_TYPES[kind] for kind in kinds)}) (result i32)"
        arguments = " ".join(f"(local.get {place})" for place in range(len(kinds)))
        imports.append(f'(import "{HOST}" "{name}" (func ${name} {signature}))')
        functions.append(f'(func (export "{name}") {signature} (call ${name} {arguments}))')
    memory = '(import "box" "memory" (memory 0)) (export "memory" (memory 0))'
    return wasmtime.Module(engine(), f"(module {' '.join((*imports, memory, *functions))})")
