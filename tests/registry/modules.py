"""Small modules, as boxes are: what a registry sees of them is bytes."""

from __future__ import annotations

import random

MAGIC = b"\0asm\1\0\0\0"


def module(seed: int = 0, size: int = 200_000, change: bytes = b"") -> bytes:
    """Bytes that do not pack well, with a change in the middle."""
    data = random.Random(seed).randbytes(size)
    return MAGIC + data[: size // 2] + change + data[size // 2 :]


def soft_module(size: int = 200_000) -> bytes:
    """Bytes that pack well."""
    return MAGIC + b"what is said again " * (size // 19)
