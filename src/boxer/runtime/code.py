"""Compiled code: made once per base on a machine, kept, trusted only if it is what was kept.

Belongs here: compiling, and the cache folder. Does not: instances (`machine`).

    CACHE/code/ENGINE/DIGEST          text: the sha256 of the compiled file
    CACHE/code/ENGINE/sha256/SHA256   the compiled file

Invariants
1. Deserialising is running native code: it is done only with a file in a folder nobody else can
   write to, whose sha256 is the one noted when it was written. Compiled code never comes from a
   box or from the network.
2. A cache that is damaged, foreign or not writable costs time, never correctness.
3. Any number of processes may do this at once: both files appear atomically, the note last. One
   compiles, the others wait for it.
4. A process keeps the code it used last, and what its boxes hold; no more.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import wasmtime

from boxer.blobstore import OTHER_CACHE, Blobs, cache_folder, locked, write_atomically
from boxer.errors import WriteError
from boxer.runtime.compiling import compiled
from boxer.runtime.engine import engine, engine_tag
from boxer.runtime.private import make_private, why_not_private

logger = logging.getLogger("boxer.runtime")


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Code:
    """A compiled code-only module; one object serves any number of machines at once."""

    digest: str
    module: wasmtime.Module


_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
# Those used last, the newest at the end.
MOST_LOADED = 4
_loaded: dict[str, Code] = {}
# Those that somebody holds.
_alive: WeakValueDictionary[str, Code] = WeakValueDictionary()
_compiling: set[str] = set()
# A signal handler that runs while code is compiled may load code itself.
_lock = threading.RLock()


def load_code(
    code: bytes,
    digest: str,
    cache: Path | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> Code:
    """The compiled form of a code-only module. digest: its sha256, verified by the caller.

    cache: folder to keep it in, default `code_folder()`. waiting: called before it waits for
    another process that compiles it. Raises `UnsupportedModuleError` for bytes the engine does not
    take.
    """
    with _lock:  # two threads must not compile the same code; compiling uses all cores anyway
        known = _loaded.pop(digest, None) or _alive.get(digest)
        if known is None:
            known = Code(digest, _module(code, digest, cache or code_folder(), waiting))
        _loaded[digest] = _alive[digest] = known
        while len(_loaded) > MOST_LOADED:
            del _loaded[next(iter(_loaded))]
        return known


def load_kept_code(digest: str, cache: Path | None = None) -> Code | None:
    """As `load_code`, of code that is kept; None: it is not (any more)."""
    with _lock:
        known = _alive.get(digest)
        if known is None:
            folder = _engine_folder(cache or code_folder())
            private = make_private(folder) and make_private(folder / "sha256")
            module = _kept(folder, digest) if private else None
            if module is None:
                return None
            known = Code(digest, module)
        _loaded[digest] = _alive[digest] = known
        return known


def is_compiled(digest: str, cache: Path | None = None) -> bool:
    """Whether `load_code` will not have to compile, as far as one can tell without reading it."""
    return digest in _alive or (_engine_folder(cache or code_folder()) / digest).exists()


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


def _module(code: bytes, digest: str, cache: Path, waiting: Callable[[], None]) -> wasmtime.Module:
    folder = _engine_folder(cache)
    if digest in _compiling:  # a handler's own code, while its process compiles it
        return compiled(code)
    if not (make_private(folder) and make_private(folder / "sha256")):
        _tell_not_kept(*why_not_private(folder, folder / "sha256"))
        return compiled(code)
    if (kept := _kept(folder, digest)) is not None:
        return kept
    _compiling.add(digest)
    try:
        with locked(folder / f"{digest}.lock", waiting):
            return _kept(folder, digest) or _compiled_and_kept(code, digest, folder)
    finally:
        _compiling.discard(digest)


def _compiled_and_kept(code: bytes, digest: str, folder: Path) -> wasmtime.Module:
    module = compiled(code)
    # A full disk must not keep a box from running; the next run compiles again.
    try:
        kept_digest = Blobs(folder).put(module.serialize())
        write_atomically(folder / digest, kept_digest.encode())
    except WriteError as error:
        _tell_not_kept(error.message.removesuffix("."), error.hint or OTHER_CACHE)
    return module


@functools.cache
def _tell_not_kept(why: str, hint: str) -> None:
    logger.warning(
        "note: compiled code is not kept, so each process compiles it anew: %s. %s", why, hint
    )


def _kept(folder: Path, digest: str) -> wasmtime.Module | None:
    try:
        noted = (folder / digest).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    blobs = Blobs(folder)
    if not (_DIGEST.match(noted) and blobs.is_whole(noted)):
        return None
    try:
        # By path: the engine maps the file and machine code is loaded page by page.
        return wasmtime.Module.deserialize_file(engine(), str(blobs.path(noted)))
    except wasmtime.WasmtimeError:
        return None  # of another version, configuration or processor: compiled anew
