"""Which box an argument names: a file, or NAME[:TAG] of the store."""

from __future__ import annotations

from pathlib import Path

from boxer.errors import BadReferenceError, ImageMissingError


def load_bytes(name: str) -> bytes:
    """The bytes of the box. A path that exists wins; what looks like a path must exist.

    Raises `ImageMissingError`, `BadReferenceError`.
    """
    from boxer.describe import ImageStore, parse_reference

    path = Path(name)
    if path.is_file():
        return path.read_bytes()
    if name.endswith(".wasm") or name.startswith((".", "/")):
        raise ImageMissingError(
            f"There is no file `{name}`.", hint="`boxer build -o OUT.wasm CONTEXT` makes one."
        )
    try:
        return ImageStore().get(parse_reference(name))
    except BadReferenceError:
        raise ImageMissingError(
            f"`{name}` is neither a file nor the name of a box.", hint="`boxer images` lists names."
        ) from None
