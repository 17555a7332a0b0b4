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
# Texts that differ in one place, of each size of characters; what changes their letters; steps.
ORDERS = """
found = []
for letter in ("a", "\\xe9", "\\u0142", "\\U0001f40d"):
    for size in (0, 1, 15, 16, 17, 33, 63, 64, 65, 128, 150):
        one = letter * size
        for place in (*range(0, size, 13), size - 2, size - 1):
            for new in "A\\xff\\U0010ffff":
                other = one[:max(place, 0)] + new + one[place + 1:]
                found.append((one == other, one < other, one > other, other in {one: 1}))
                found.append((other.lower(), other.upper(), other[::2], other[::-1], other[5:-3:3]))
                found.append((other.capitalize(), other.casefold(), other.islower(), repr(other)))
                left, right = (text.encode("utf-8") for text in (one, other))
                found.append((left == right, left < right, right.lower(), right.upper()))
                for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
                    data = other.encode(coding)
                    found += [data, data.decode(coding) == other]
LETTERS = (*range(0x250), *range(0x370, 0x556), *range(0x1E00, 0x2000), *range(0x10400, 0x10450))
for number in (*LETTERS, 0x7FFF, 0x8000, 0xD7FF, 0xD800, 0xDC00, 0xDFFF, 0xE000, 0xFFFF, 0x10FFFF):
    for text in (chr(number) * 9, "a" * 20 + chr(number) + "b" * 20, chr(number) + "A\\u03a3"):
        found.append((text.lower(), text.upper(), text.title(), text[::-1], text.swapcase()))
        for coding in ("utf-16-le", "utf-16-be"):
            data = text.encode(coding, "surrogatepass")
            found += [data, data.decode(coding, "replace"), data[:-1].decode(coding, "replace")]
"""
NUMBERS = """
import base64, binascii, random
draw = random.Random(5)
found = []
for size in [*range(70), 300]:
    for data in (draw.randbytes(size), b"\\xff" * size, bytes(size)):
        for newline in (True, False):
            found.append(binascii.b2a_base64(data, newline=newline))
        found += [base64.b64decode(base64.b64encode(data)) == data]
        found += [data.translate(bytes(range(256)))]
for size in range(1, 12):
    for _ in range(300):
        data = bytes(draw.choice(b"AZaz09+/==\\n-\\xff") for _ in range(size))
        data = draw.choice((b"", b"QUJD", b"QUJDREVG")) + data + draw.choice((b"", b"QUJD"))
        # What pads is another Python's affair; behind a line's end each character is taken alone.
        said = []
        for text in (data, b"\\n" + data):
            try:
                said.append(binascii.a2b_base64(text))
            except binascii.Error as error:
                said.append(str(error))
        found += [said[0] == said[1]]
        if b"=" not in data and b"cannot" not in str(said).encode():
            found += [binascii.a2b_base64(data + b"==")]
for digits in (1, 2, 3, 4, 5, 8, 9, 30, 31, 33, 64, 65, 90):
    for _ in range(9):
        a, b = draw.getrandbits(30 * digits), draw.getrandbits(30 * draw.randrange(1, 90))
        high = 2 ** (30 * digits) - 1
        for one, other in ((a, b), (high, b), (high, high), (high, 1), (a, high), (-a, b)):
            found += [one * other, one + other, one - other, one * one, divmod(one, other or 1)]
            found += [str(one), int(str(other)), one & other, one >> 31]
"""
# What came out is told by a checksum of its own, a plain one.
TELL = """
total = 1
for value in found:
    for byte in repr(value).encode():
        total = (total * 1_000_003 + byte) % (2**61 - 1)
print(len(found), total)
"""


@pytest.mark.parametrize(
    "program", [SUMS, TEXTS, ORDERS, NUMBERS], ids=["sums", "texts", "orders", "numbers"]
)
def test_vectors_come_to_the_same_as_natively(boxer: Boxer, example: Example, program: str) -> None:
    program += TELL
    native = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert native.stdout.count(" ") == 1, native.stderr
    assert boxer("run", example("hello"), "python", "-c", program).stdout == native.stdout
