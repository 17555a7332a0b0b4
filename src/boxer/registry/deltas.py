"""A box in fewer bytes: packed, or as what differs from a box that the other side has.

Belongs here: packing and unpacking with zstd, and how registries keep it. Does not: which one is
taken (`pull`).

Each is a manifest of its own about the box's (its subject), so that who does not know of it gets
the whole. Source: RFC 8878; zstd(1), --patch-from: the base is the dictionary's raw content.

Invariants
1. What comes out is no more than the box's size, is never held whole, and counts only if it has the
   digest of the box's layer.
2. What is packed takes no more memory than the two boxes' sizes call for, whatever it states.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import zstandard

from boxer.errors import DamagedDownloadError
from boxer.store import Descriptor

KIND = "application/vnd.boxer.delta.v1"
LAYER = "application/vnd.boxer.delta.v1+zstd"
_BASE, _SIZE = "boxer.delta.base", "boxer.delta.size"
# 18 MB take a second at either; a change of one line comes to 10 kB. Long-distance matching finds
# less than the level's own matcher with a table as large as the window.
_LEVEL, _DELTA_LEVEL, _LARGEST_TABLE = 9, 12, 25
# Of a box and its base together; beyond, the whole travels as it is.
LARGEST = 1 << 30
_PIECE = 1 << 20
_SMALLEST_WINDOW = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """manifest: of the delta. base: sha256 of the file it starts from, hex; empty: from none.
    size: bytes, as is said of it."""

    manifest: Descriptor
    base: str
    size: int


def pack(box: bytes, base: bytes = b"") -> bytes:
    """The box for who has `base`."""
    window = _window(len(box) + len(base))
    table = min(window - 1, _LARGEST_TABLE)
    tables = {"hash_log": table, "chain_log": table} if base else {}
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _DELTA_LEVEL if base else _LEVEL, window_log=window, write_content_size=1, **tables
    )
    compressor = zstandard.ZstdCompressor(
        compression_params=parameters, dict_data=_dictionary(base)
    )
    return compressor.compress(box)


def unpack(pieces: Iterable[bytes], size: int, base: bytes = b"") -> Iterator[bytes]:
    """The box's bytes, in pieces. size: the box's. Raises `DamagedDownloadError`."""
    most = 1 << _window(size + len(base))
    decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(base), max_window_size=most)
    left = size
    try:
        with decompressor.stream_reader(io.BufferedReader(_Pieces(iter(pieces)))) as reader:
            while piece := reader.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise DamagedDownloadError("The delta gives more than the box's bytes.")
                yield piece
    except zstandard.ZstdError as error:
        raise DamagedDownloadError(f"The delta cannot be unpacked: {error}.") from None


def notes_of(base: str, size: int) -> dict[str, str]:
    """What a manifest says of the delta in it."""
    return {**({_BASE: f"sha256:{base}"} if base else {}), _SIZE: str(size)}


def offers(referrers: Iterable[Descriptor]) -> list[Offer]:
    """The deltas among what refers to a box, the smallest first."""
    found = []
    for entry in referrers:
        size = entry.annotations.get(_SIZE, "")
        if entry.artifact_type == KIND and size.isascii() and size.isdecimal() and len(size) < 12:
            base = entry.annotations.get(_BASE, "").removeprefix("sha256:")
            found.append(Offer(entry, base, int(size)))
    return sorted(found, key=lambda offer: offer.size)


def _window(count: int) -> int:
    return min(max((count - 1).bit_length(), _SMALLEST_WINDOW), zstandard.WINDOWLOG_MAX)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict | None:
    if not base:
        return None
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Pieces(io.RawIOBase):
    """Pieces, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
