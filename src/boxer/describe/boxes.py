"""Which box an argument names: a file, or NAME[:TAG] of the store."""

from __future__ import annotations

from pathlib import Path

from boxer.blobstore import read_limited
from boxer.describe.references import TaggedName, parse_reference
from boxer.describe.store import ImageStore
from boxer.errors import BadReferenceError, ImageMissingError

# What a box can be: a memory of 4 GiB, and less.
LARGEST_BOX = 1 << 32


def load_bytes(name: str) -> bytes:
    """The bytes of the box. A path that exists wins; what looks like a path must exist.

    Raises `ImageMissingError`, `InputTooLargeError`.
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
    return ImageStore().get(_reference(name))


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
