"""Third pass: what is dead in memory becomes zero.

Belongs here: what the guest cannot clear itself, the stack it runs on. Does not: its heap, which
its kernel scrubs before the freeze point.

Why: dead bytes are still bytes of the file, and what lies in them depends on how the machine got
there, which a reader of the box need not know.
"""

from __future__ import annotations

from boxer.preinit.state import InstanceState


def scrub(state: InstanceState, stack: int) -> None:
    """Clears the stack, the lowest `stack` bytes: at the freeze point it is unwound."""
    if stack:
        state.write(0, bytes(stack))
