"""Compiled code: made once per base on a machine, kept, trusted only if it is what was kept.

Belongs here: compiling, and the cache folder. Does not: instances (`machine`).

    CACHE/code/ENGINE/DIGEST          text: the sha256 of the compiled file
    CACHE/code/ENGINE/sha256/SHA256   the compiled file

Invariants
1. Deserialising is running native code: it is done only with a file in a folder nobody else can
   write to, whose sha256 is the one noted when it was written. Compiled code never comes from a
   box or from the network.
2. A cache that is damaged, foreign or not writable costs time, never correctness.
3. Any number of processes may do this at once: both files appear atomically, the note last.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from boxer.blobstore import Blobs, write_atomically
from boxer.errors import UnsupportedModuleError, WriteError
from boxer.sandbox.engine import engine, engine_tag


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled code-only module; one object serves any number of machines at once."""

    digest: str
    module: wasmtime.Module


_loaded: dict[str, Code] = {}
_lock = threading.Lock()


def load_code(code: bytes, digest: str, cache: Path | None = None) -> Code:
    """The compiled form of a code-only module. digest: its sha256, verified by the caller.

    cache: folder to keep it in, default `cache_folder()`. Raises `UnsupportedModuleError` for
    bytes the engine does not take.
    """
    with _lock:  # two threads must not compile the same code; compiling uses all cores anyway
        known = _loaded.get(digest)
        if known is None:
            known = Code(digest, _module(code, digest, cache or cache_folder()))
            _loaded[digest] = known
        return known


def is_compiled(digest: str, cache: Path | None = None) -> bool:
    """Whether `load_code` will not have to compile, as far as one can tell without reading it."""
    return digest in _loaded or (_engine_folder(cache or cache_folder()) / digest).exists()


def cache_folder() -> Path:
    """boxer/code below the user's cache folder (XDG base directories)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return root / "boxer" / "code"


def _engine_folder(cache: Path) -> Path:
    return cache / engine_tag()


def _module(code: bytes, digest: str, cache: Path) -> wasmtime.Module:
    folder = _engine_folder(cache)
    private = _make_private(folder)
    if private and (kept := _kept(folder, digest)) is not None:
        return kept
    try:
        module = wasmtime.Module(engine(), code)
    except wasmtime.WasmtimeError as error:
        reason = str(error).strip().replace("\n", " ")
        raise UnsupportedModuleError(f"The engine does not take the module: {reason}.") from None
    if private:
        # A full disk must not keep a box from running; the next run compiles again.
        with contextlib.suppress(WriteError):
            kept_digest = Blobs(folder).put(module.serialize())
            write_atomically(folder / digest, kept_digest.encode())
    return module


def _kept(folder: Path, digest: str) -> wasmtime.Module | None:
    try:
        noted = (folder / digest).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    blobs = Blobs(folder)
    if blobs.get(noted) is None:
        return None
    try:
        # By path: the engine maps the file and machine code is loaded page by page.
        return wasmtime.Module.deserialize_file(engine(), str(blobs.path(noted)))
    except wasmtime.WasmtimeError:
        return None  # of another version, configuration or processor: compiled anew


def _make_private(folder: Path) -> bool:
    """Whether the folder is there and only this user can change what is in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "sha256").mkdir(mode=0o700, exist_ok=True)
        return all(_is_private(path) for path in (folder, folder / "sha256"))
    except OSError:
        return False


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & others
    )
