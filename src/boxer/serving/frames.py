"""Frames between a machine and this process while a call runs: the host's half of
guest/python/boxer/_frames.py, which has the table of kinds.

Belongs here: bytes to frames and back. Does not: input and output (`talk`).

Invariant: what a machine sends is bounded frame by frame, and is data: JSON, or bytes of a body.
"""

from __future__ import annotations

import json
import struct
from typing import Any

HEAD = struct.Struct("!cII")
LARGEST = 1 << 16
WINDOW = 1 << 18
# What a frame counts for beside its data.
OVERHEAD = 64
MOST_JSON = 1 << 18
# Kinds whose data is a part of something longer: they take room of the window.
PARTS = frozenset((b"B", b"t", b"T", b"y", b"Y"))
_KINDS = PARTS | frozenset((b"S", b"E", b"H", b"A", b"X", b"F", b"!", b"C"))


class FrameError(Exception):
    """The machine does not keep to the protocol."""


def frame(kind: bytes, number: int, data: bytes = b"") -> bytes:
    return HEAD.pack(kind, number, len(data)) + data


def json_frame(kind: bytes, number: int, value: object) -> bytes:
    return frame(kind, number, json.dumps(value, separators=(",", ":")).encode())


def read_json(data: bytes) -> Any:
    """Raises `FrameError`."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise FrameError("a frame that is no JSON") from None


class Decoder:
    """Frames out of bytes as they come."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, int, bytes]]:
        """Raises `FrameError`."""
        rest, found, at = self._rest, [], 0
        rest += data
        while len(rest) - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(rest, at)
            if kind not in _KINDS or size > (LARGEST if kind in PARTS else MOST_JSON):
                raise FrameError(f"a frame of {size} bytes of kind {kind!r}")
            end = at + HEAD.size + size
            if len(rest) < end:
                break
            found.append((kind, number, bytes(rest[at + HEAD.size : end])))
            at = end
        if at:
            del rest[:at]
        return found
