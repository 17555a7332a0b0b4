"""First pass: an image becomes the memory of an instance."""

from __future__ import annotations

from boxer.boxfile import MemoryImage
from boxer.preinit.state import InstanceState
from boxer.wasmformat import PAGE


def restore(state: InstanceState, image: MemoryImage) -> None:
    """Fills the memory of a fresh instance, grown to the image's size."""
    missing = image.size - state.memory_size()
    if missing > 0:
        state.grow(missing // PAGE)
    for segment in image.segments:
        state.write(segment.offset, segment.data)
