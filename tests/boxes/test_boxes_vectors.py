"""What is computed in vectors comes to the same as natively: all small sizes, all places of what
ends a run of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]

# What came out is told by a checksum of its own, a plain one.
SUMS = """
import hashlib, random, zlib
draw = random.Random(7)
large = draw.randbytes(40_000)
most = b"\\xff" * 40_000
found = []
for size in [*range(150), 5551, 5552, 5553, 11_104, 40_000]:
    for data in (large[:size], most[:size], large[-size - 3:-3]):
        found += [zlib.adler32(data), zlib.adler32(data, 0xfff0fff0), zlib.crc32(data)]
        found += [zlib.adler32(memoryview(data)[3:])]
        found += [hashlib.new(name, data).hexdigest() for name in ("sha3_256", "sha3_512")]
        found += [hashlib.shake_128(data).hexdigest(300)]
        found += [zlib.decompress(zlib.compress(data)) == data]
"""
TEXTS = """
found = []
for size in range(70):
    for place in range(size + 1):
        for other in ("", "\\x7f", "\\x80", "\\xe9", "\\u0142", "\\U0001f40d", "\\ud800"):
            text = "abcdefgh" * 9
            text = text[:place] + other + text[place:size]
            data = text.encode("utf-8", "surrogatepass")
            for view in (data, data[1:]):
                for coding in ("ascii", "utf-8", "latin-1"):
                    try:
                        found.append(view.decode(coding))
                    except UnicodeDecodeError as error:
                        found.append((error.start, error.end, error.reason))
                found += [view.isascii(), view.decode("utf-8", "replace")]
            part = (text + "\\xe9")[:-1]
            found += [part.isascii(), len(part.replace("a", "bb")), max(part, default="")]
            found += [text.find(other, 1), text.rfind(other), text.count(other), text.find("hab")]
            found += [data.find(b"\\xc5"), data.find(b"\\x7f", 3), text == text[:-1] + "!"]
            found += [(data < data[:-1] + b"b"), text.split("a") > text.split("b")]
"""
TELL = """
total = 1
for value in found:
    for byte in repr(value).encode():
        total = (total * 1_000_003 + byte) % (2**61 - 1)
print(len(found), total)
"""


@pytest.mark.parametrize("program", [SUMS, TEXTS], ids=["sums", "texts"])
def test_vectors_come_to_the_same_as_natively(boxer: Boxer, example: Example, program: str) -> None:
    program += TELL
    native = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert native.stdout.count(" ") == 1, native.stderr
    assert boxer("run", example("hello"), "python", "-c", program).stdout == native.stdout
