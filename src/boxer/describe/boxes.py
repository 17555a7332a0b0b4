"""Which box an argument names: a file, or NAME[:TAG] of the store."""

from __future__ import annotations

import hashlib
from pathlib import Path

from boxer.blobstore import read_limited
from boxer.errors import BadReferenceError, ImageMissingError
from boxer.store import LARGEST_BOX, ImageStore, TaggedName, check_allowed, parse_reference


def load_bytes(name: str, *, is_run: bool = True) -> bytes:
    """The bytes of the box. A path that exists wins; what looks like a path must exist. A named
    one that is to run is held against the user's policy.

    Raises `ImageMissingError`, `InputTooLargeError`, `SignatureError`, `PolicyError`.
    """
    try:
        path = Path(name)
        if path.is_file():
            return read_limited(path, LARGEST_BOX, f"`{name}`")
    except OSError as error:
        raise ImageMissingError(
            f"`{name}` cannot be read: {error.strerror or error}.",
            hint="Name a box you may read, or build one: `boxer build -o OUT.wasm CONTEXT`.",
        ) from None
    store, reference = ImageStore(), _reference(name)
    if is_run:
        check_allowed(store, reference)
    return store.get(reference)


def box_digest(name: str) -> str:
    """The sha256 of the file that `load_bytes` reads, which is not held in memory. Raises as
    that."""
    path = Path(name)
    try:
        if not path.is_file():
            store, reference = ImageStore(), _reference(name)
            check_allowed(store, reference)
            path = store.path(reference)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageMissingError(f"`{name}` cannot be read: {error.strerror or error}.") from None


def box_path(name: str) -> Path:
    """The file that `load_bytes` reads. Raises `ImageMissingError`."""
    path = Path(name)
    return path if path.is_file() else ImageStore().path(_reference(name))


def _reference(name: str) -> TaggedName:
    if name.endswith(".wasm") or name.startswith((".", "/")):
        path = Path(name)
        raise ImageMissingError(
            f"`{name}` is {'a folder' if path.is_dir() else 'no regular file'}, not a box."
            if path.exists()
            else f"There is no file `{name}`.",
            hint="`boxer build -o OUT.wasm CONTEXT` makes one.",
        )
    try:
        return parse_reference(name)
    except BadReferenceError:
        raise ImageMissingError(
            f"`{name}` is neither a file nor the name of a box.", hint="`boxer images` lists names."
        ) from None
