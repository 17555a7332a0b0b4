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
import threading
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from boxer.blobstore import Blobs, cache_folder, write_atomically
from boxer.errors import WriteError
from boxer.runtime.compiling import compiled
from boxer.runtime.engine import engine, engine_tag
from boxer.runtime.private import make_private


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled code-only module; one object serves any number of machines at once."""

    digest: str
    module: wasmtime.Module


_loaded: dict[str, Code] = {}
# A signal handler that runs while code is compiled may load code itself.
_lock = threading.RLock()


def load_code(code: bytes, digest: str, cache: Path | None = None) -> Code:
    """The compiled form of a code-only module. digest: its sha256, verified by the caller.

    cache: folder to keep it in, default `code_folder()`. Raises `UnsupportedModuleError` for
    bytes the engine does not take.
    """
    with _lock:  # two threads must not compile the same code; compiling uses all cores anyway
        known = _loaded.get(digest)
        if known is None:
            known = Code(digest, _module(code, digest, cache or code_folder()))
            _loaded[digest] = known
        return known


def is_compiled(digest: str, cache: Path | None = None) -> bool:
    """Whether `load_code` will not have to compile, as far as one can tell without reading it."""
    return digest in _loaded or (_engine_folder(cache or code_folder()) / digest).exists()


def compiled_file(digest: str, cache: Path | None = None) -> Path | None:
    """Where the compiled form of a code-only module lies, if it is kept."""
    folder = _engine_folder(cache or code_folder())
    try:
        noted = (folder / digest).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return Blobs(folder).path(noted)


def code_folder() -> Path:
    """code/ in the cache."""
    return cache_folder() / "code"


def _engine_folder(cache: Path) -> Path:
    return cache / engine_tag()


def _module(code: bytes, digest: str, cache: Path) -> wasmtime.Module:
    folder = _engine_folder(cache)
    private = make_private(folder) and make_private(folder / "sha256")
    if private and (kept := _kept(folder, digest)) is not None:
        return kept
    module = compiled(code)
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
