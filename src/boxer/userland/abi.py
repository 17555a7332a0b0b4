"""The C door through which the shell reaches our file tree: bashkit's file system ABI, version 1.

Belongs here: the ABI's structures and the calls of its table, turned into calls of a `Volume`. Does
not: what the calls do to a tree (`volume`).

The shell is native code and walks file systems through a table of C functions, published so that
other native modules can bring their own file system. We fill that table with ctypes, so the shell
works on our tree itself: nothing is copied in before a command and nothing has to be found and
copied back after it.

Invariants
1. No Python exception crosses the door: each becomes an errno-like kind and a message.
2. A buffer handed to the shell stays alive until the shell frees it.
3. The table, the handle and the volume live as long as the shell does: `Export` holds them all.

Source: `crates/bashkit/src/interop/fs.rs` of bashkit (`BashkitFsAbi*`, ABI version 1).
"""

from __future__ import annotations

import atexit
import ctypes
import threading
from collections import deque
from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from ctypes import _Pointer

CAPSULE_NAME = b"bashkit.FileSystem.v1"
ABI_VERSION = 1


class FileKind(IntEnum):
    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    FIFO = 3


class ErrorKind(IntEnum):
    OTHER = 0
    NOT_FOUND = 1
    ALREADY_EXISTS = 2
    PERMISSION_DENIED = 3
    INVALID_INPUT = 4
    IS_A_DIRECTORY = 5
    NOT_A_DIRECTORY = 6
    DIRECTORY_NOT_EMPTY = 7
    UNSUPPORTED = 8


# The shell works on stacks of 2 MiB (tokio's own threads); a script in a script takes 22 kB.
_DEEPEST = 5 << 18


class VolumeError(Exception):
    """What a file system call answers instead of a result."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Status(NamedTuple):
    """What `stat` tells. mtime: seconds since 1970."""

    kind: FileKind
    size: int
    mode: int
    mtime: int


class Volume(Protocol):
    """A file system as the shell sees it. Paths are absolute and normalised; names are UTF-8.

    No call but those on directories follows a symbolic link at the end of a path: the shell does
    that itself. Every call may raise VolumeError.
    """

    def read_file(self, path: str) -> bytes: ...
    def write_file(self, path: str, data: bytes) -> None: ...
    def append_file(self, path: str, data: bytes) -> None: ...
    def mkdir(self, path: str, recursive: bool) -> None: ...
    def remove(self, path: str, recursive: bool) -> None: ...
    def stat(self, path: str) -> Status: ...
    def read_dir(self, path: str) -> list[tuple[str, Status]]: ...
    def exists(self, path: str) -> bool: ...
    def rename(self, old: str, new: str) -> None: ...
    def copy(self, source: str, target: str) -> None: ...
    def symlink(self, target: str, link: str) -> None: ...
    def read_link(self, path: str) -> str: ...
    def chmod(self, path: str, mode: int) -> None: ...


class _StrRef(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


class _OwnedBytes(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


class _Error(Structure):
    _fields_ = [("kind", c_uint32), ("message", _OwnedBytes)]


class _Metadata(Structure):
    _fields_ = [
        ("file_type", c_uint8),
        ("reserved", c_uint8 * 7),
        ("size", c_uint64),
        ("mode", c_uint32),
        ("modified_secs", c_int64),
        ("modified_nanos", c_uint32),
        ("created_secs", c_int64),
        ("created_nanos", c_uint32),
    ]


class _DirEntry(Structure):
    _fields_ = [("name", _OwnedBytes), ("metadata", _Metadata)]


class _OwnedDirEntries(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


_ERR = POINTER(_Error)
_ON_BYTES = CFUNCTYPE(c_uint32, c_void_p, _StrRef, POINTER(_OwnedBytes), _ERR)
_ON_CONTENT = CFUNCTYPE(c_uint32, c_void_p, _StrRef, _StrRef, _ERR)  # also two paths
_ON_FLAG = CFUNCTYPE(c_uint32, c_void_p, _StrRef, c_bool, _ERR)
_ON_STAT = CFUNCTYPE(c_uint32, c_void_p, _StrRef, POINTER(_Metadata), _ERR)
_ON_ENTRIES = CFUNCTYPE(c_uint32, c_void_p, _StrRef, POINTER(_OwnedDirEntries), _ERR)
_ON_BOOL = CFUNCTYPE(c_uint32, c_void_p, _StrRef, POINTER(c_bool), _ERR)
_ON_MODE = CFUNCTYPE(c_uint32, c_void_p, _StrRef, c_uint32, _ERR)
_FREE_BYTES = CFUNCTYPE(None, c_void_p, _OwnedBytes)
_FREE_ENTRIES = CFUNCTYPE(None, c_void_p, _OwnedDirEntries)
_COUNT = CFUNCTYPE(None, c_void_p)


class _Table(Structure):
    _fields_ = [
        ("read_file", _ON_BYTES),
        ("write_file", _ON_CONTENT),
        ("append_file", _ON_CONTENT),
        ("mkdir", _ON_FLAG),
        ("remove", _ON_FLAG),
        ("stat", _ON_STAT),
        ("read_dir", _ON_ENTRIES),
        ("exists", _ON_BOOL),
        ("rename", _ON_CONTENT),
        ("copy", _ON_CONTENT),
        ("symlink", _ON_CONTENT),
        ("read_link", _ON_BYTES),
        ("chmod", _ON_MODE),
        ("free_bytes", _FREE_BYTES),
        ("free_dir_entries", _FREE_ENTRIES),
    ]


class _Handle(Structure):
    _fields_ = [
        ("abi_version", c_uint32),
        ("reserved", c_uint32),
        ("instance", c_void_p),
        ("retain", _COUNT),
        ("release", _COUNT),
        ("vtable", POINTER(_Table)),
    ]


# Those that a shell holds, which may let go of one in a thread of its own, after its session ended.
_held: dict[int, tuple[int, Export]] = {}
_counting = threading.RLock()  # a collection in here may let go of another
# Those it has let go of. The last call, of `release`, must not be freed while it is run.
_released: deque[Export] = deque(maxlen=32)


def _keep_for_good() -> None:
    """Those that a shell still holds when the interpreter ends: an error's traceback holds the
    shell, and lets go of it when nothing of ours can be called, or may be freed, any more."""
    with _counting:
        for export in [*(export for _, export in _held.values()), *_released]:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(export))
            export.end_counting()


atexit.register(_keep_for_good)


class Export:
    """A volume made reachable from the shell. It lives for as long as the shell holds it.

    too_deep: whether a file was not read because too many scripts call one another."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._lent: dict[int, object] = {}
        self.too_deep = False
        self._counts = True
        self._stacks: dict[int, int] = {}  # thread -> the highest address of its stack that is seen
        # Structures hold the callbacks they point to, so the table keeps all of them alive.
        self._table = self._fill_table()
        retain, release = _COUNT(lambda _: self._count(1)), _COUNT(lambda _: self._count(-1))
        self._handle = _Handle(ABI_VERSION, 0, 1, retain, release, ctypes.pointer(self._table))

    def capsule(self) -> Any:
        """The handle as a PyCapsule, for `bashkit.FileSystem.from_capsule`."""
        new = ctypes.pythonapi.PyCapsule_New
        new.restype = ctypes.py_object
        new.argtypes = [c_void_p, ctypes.c_char_p, c_void_p]
        return new(ctypes.addressof(self._handle), CAPSULE_NAME, None)

    def end_counting(self) -> None:
        """It is there for good."""
        self._counts = False

    def _count(self, change: int) -> None:
        if not self._counts:
            return
        with _counting:
            count = _held.pop(id(self), (0, self))[0] + change
            if count > 0:
                _held[id(self)] = (count, self)
            else:
                _released.append(self)

    def _fill_table(self) -> _Table:
        volume, answer = self._volume, self._answer
        return _Table(
            _ON_BYTES(answer(self._read_file)),
            _ON_CONTENT(answer(lambda p, c: volume.write_file(_text(p), _bytes(c)))),
            _ON_CONTENT(answer(lambda p, c: volume.append_file(_text(p), _bytes(c)))),
            _ON_FLAG(answer(lambda p, flag: volume.mkdir(_text(p), flag))),
            _ON_FLAG(answer(lambda p, flag: volume.remove(_text(p), flag))),
            _ON_STAT(answer(lambda p, out: _set(out, _metadata(volume.stat(_text(p)))))),
            _ON_ENTRIES(answer(lambda p, out: self._lend_entries(out, volume.read_dir(_text(p))))),
            _ON_BOOL(answer(lambda p, out: _set(out, c_bool(volume.exists(_text(p)))))),
            _ON_CONTENT(answer(lambda a, b: volume.rename(_text(a), _text(b)))),
            _ON_CONTENT(answer(lambda a, b: volume.copy(_text(a), _text(b)))),
            _ON_CONTENT(answer(lambda a, b: volume.symlink(_text(a), _text(b)))),
            _ON_BYTES(answer(lambda p, out: self._lend_text(out, volume.read_link(_text(p))))),
            _ON_MODE(answer(lambda p, mode: volume.chmod(_text(p), mode))),
            _FREE_BYTES(lambda _instance, owned: self._free(owned.ptr)),
            _FREE_ENTRIES(lambda _instance, owned: self._free(owned.ptr)),
        )

    def _answer(self, call: Callable[[Any, Any], None]) -> Callable[[Any, Any, Any, Any], int]:
        """Wraps a call of two arguments so that its failure becomes a status and a message."""

        def status(_instance: Any, first: Any, second: Any, error: Any) -> int:
            try:
                call(first, second)
            except VolumeError as failure:
                return self._fail(error, failure.kind, str(failure))
            except Exception as failure:  # invariant 1: nothing may unwind into native code
                return self._fail(error, ErrorKind.OTHER, f"{type(failure).__name__}: {failure}")
            return 0

        return status

    def _fail(self, error: Any, kind: ErrorKind, message: str) -> int:
        owned = self._lend(message.encode("utf-8", "replace"))
        _set(error, _Error(int(kind), owned))
        return 1

    def _read_file(self, path: Any, out: _Pointer[_OwnedBytes]) -> None:
        self._check_depth(ctypes.cast(out, c_void_p).value or 0)
        _set(out, self._lend(self._volume.read_file(_text(path))))

    def _check_depth(self, place: int) -> None:
        """Ends scripts that call one another without end before the shell's stack does: it knows no
        bound of its own, and each call reads a file. place: an address of the shell's stack."""
        thread = threading.get_ident()
        began = self._stacks.setdefault(thread, place)
        self._stacks[thread] = max(began, place)
        if began - place > _DEEPEST:
            self.too_deep = True
            raise VolumeError(ErrorKind.OTHER, "too many scripts call one another")

    def _lend_text(self, out: _Pointer[_OwnedBytes], text: str) -> None:
        _set(out, self._lend(text.encode("utf-8", "replace")))

    def _lend_entries(
        self, out: _Pointer[_OwnedDirEntries], entries: list[tuple[str, Status]]
    ) -> None:
        array = (_DirEntry * len(entries))()
        names = [name.encode("utf-8", "replace") for name, _ in entries]
        for slot, name, (_, status) in zip(array, names, entries, strict=True):
            slot.name = _OwnedBytes(_address(name), len(name))
            slot.metadata = _metadata(status)
        address = ctypes.addressof(array)
        self._lent[address] = (array, names)
        _set(out, _OwnedDirEntries(address, len(entries)))

    def _lend(self, data: bytes) -> _OwnedBytes:
        address = _address(data)
        # The same bytes can be lent twice at once: keep a count by nesting the references.
        self._lent[address] = (data, self._lent.get(address))
        return _OwnedBytes(address, len(data))

    def _free(self, address: int | None) -> None:
        if address is None:
            return
        lent = self._lent.pop(address, None)
        if isinstance(lent, tuple) and lent[1] is not None and isinstance(lent[0], bytes):
            self._lent[address] = lent[1]


def _set(out: Any, value: Structure | c_bool) -> None:
    ctypes.memmove(out, ctypes.byref(value), ctypes.sizeof(value))


def _metadata(status: Status) -> _Metadata:
    value = _Metadata()
    value.file_type = int(status.kind)
    value.size, value.mode = status.size, status.mode
    value.modified_secs = value.created_secs = status.mtime
    return value


def _bytes(ref: _StrRef) -> bytes:
    return ctypes.string_at(ref.ptr, ref.len) if ref.len else b""


def _text(ref: _StrRef) -> str:
    return _bytes(ref).decode("utf-8")


def _address(data: bytes) -> int:
    """Where the bytes object's data lies; valid while the object lives."""
    return ctypes.cast(ctypes.c_char_p(data), c_void_p).value or 0
