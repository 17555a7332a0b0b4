"""One file's data as a zlib stream."""

from __future__ import annotations

import zlib
from collections.abc import Callable

# Below this a file is not worth the time to inflate it.
SMALLEST_COMPRESSED = 256

Deflate = Callable[[bytes], bytes]


def deflate(data: bytes) -> bytes:
    """A zlib stream (RFC 1950), as small as zlib can: `pipeline` keeps those of a base's files."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL + 1)
    return packer.compress(data) + packer.flush()
