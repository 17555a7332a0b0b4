"""A machine brought to life once, so that no run has to do it again.

This is what wizer does to a module, done to memory alone: the code stays as it is.
"""

from __future__ import annotations

from boxer.boxfile import MemoryImage
from boxer.preinit.initialise import initialise
from boxer.preinit.restoring import restore
from boxer.preinit.scrub import scrub
from boxer.preinit.snapshot import snapshot
from boxer.preinit.state import InstanceState


def freeze(state: InstanceState, image: MemoryImage, stack: int = 0) -> MemoryImage:
    """Starts the machine `image` on a fresh instance and gives its memory at the freeze point.

    stack: how many bytes from address 0 on are its stack and nothing else.
    Raises `FreezeError` where the program did not get there.
    """
    restore(state, image)
    initialise(state)
    scrub(state, stack)
    return snapshot(state)
