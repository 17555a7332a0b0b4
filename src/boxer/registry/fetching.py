"""A box that is named and not here, fetched before it is run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from boxer.errors import BadReferenceError, ImageMissingError
from boxer.store import ImageStore, parse_reference


def fetch(
    name: str, *, always: bool = False, tell: Callable[[str], None] = lambda text: None
) -> None:
    """Pulls what names a registry and is no file, if it is not in the store; always: in any case,
    as the tag may name another box by now. What names no registry is not looked for.

    Raises what `pull` raises.
    """
    if name.endswith(".wasm") or name.startswith((".", "/")) or Path(name).is_file():
        return
    try:
        reference = parse_reference(name)
    except BadReferenceError:
        return
    if not reference.host:
        return
    store = ImageStore()
    if not always:
        with suppress(ImageMissingError):
            store.find(reference)
            return
    from boxer.registry.pulling import pull

    tell(f"fetching `{reference}`")
    pull(store, reference)
