"""Checksums, hashes and compression of bytes."""

from __future__ import annotations

import base64
import hashlib
import zlib

SIZE = 400_000


def run(size: int) -> object:
    data = b"".join(b"%d,%d;" % (n, n * n % 1009) for n in range(size // 8))
    digests = [hashlib.new(name, data).hexdigest()[:8] for name in ("sha256", "blake2b", "md5")]
    small = 0
    for number in range(size // 100):
        small ^= hashlib.sha1(number.to_bytes(8, "little"), usedforsecurity=False).digest()[0]
    packed = zlib.compress(data, 6)
    same = zlib.decompress(packed) == data
    text = base64.b64encode(data)
    return digests, small, same, zlib.crc32(data), len(text), base64.b64decode(text) == data
