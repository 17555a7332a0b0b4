"""Tables of numbers in a C header, compressed: a box carries them small until somebody reads them.

Belongs here: what becomes of the header's text. Does not: which headers, and who calls the function
that fills the tables (`patches`, a change with `tables`).
"""

from __future__ import annotations

import lzma
import re
import struct

from recipes.failures import RecipeError

# Element types of the tables by their size in bytes, as struct has them.
ELEMENTS = {
    "unsigned char": "B",
    "unsigned short": "H",
    "unsigned int": "I",
    "ucs2_t": "H",
    "DBCHAR": "H",
}
# What cjkcodecs.h writes short: characters there are none of, and the beginnings of two.
WORDS = {"U": 0xFFFE, "N": 0xFFFF, "M": 0xFFFE, "D": 0xFFFD}
TABLE = re.compile(
    rf"^static const ({'|'.join(ELEMENTS)}) (\w+)\[\d*\] = \{{([^{{}};]*)\}};\n", re.MULTILINE
)
# Smaller ones stay: each costs a name.
LEAST = 1024
# Numbers in a line of the C text.
LINE = 24
# What liblzma is told: numbers of two and four bytes; the decoder takes the dictionary's size.
FILTER = {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 19, "lc": 1, "lp": 1, "pb": 1}
FILLING = """
extern int lzma_stream_buffer_decode(
    unsigned long long *, unsigned, const void *, const unsigned char *, size_t *, size_t,
    unsigned char *, size_t *, size_t);
static int fill_NAME(void) {
    static const struct {
        unsigned char *table;
        size_t size;
        const unsigned char *packed;
        size_t stored;
    } parts[] = {
PARTS    };
    static int filled;
    for (size_t i = 0; !filled && i < sizeof parts / sizeof *parts; i++) {
        unsigned long long most = ~0ull;
        size_t in = 0, out = 0;
        int failed = lzma_stream_buffer_decode(
            &most, 0, NULL, parts[i].packed, &in, parts[i].stored,
            parts[i].table, &out, parts[i].size);
        if (failed)
            return failed;
    }
    filled = 1;
    return 0;
}
"""


def compressed(text: str, name: str) -> str:
    """The header with its tables of at least 1,024 bytes zeroed and `int fill_NAME(void)`, which
    puts their contents there: 0, or liblzma's error. Calling it again does nothing.

    Raises RecipeError when the header has none.
    """
    filled: list[str] = []

    def empty(match: re.Match[str]) -> str:
        content = _content(match)
        if len(content) < LEAST:
            return match[0]
        packed = lzma.compress(content, lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=[FILTER])
        rows = (packed[at : at + LINE] for at in range(0, len(packed), LINE))
        text = "".join(",".join(map(str, row)) + ",\n" for row in rows)
        filled.append(match[2])
        return (
            f"static {match[1]} {match[2]}[{len(_numbers(match))}];\n"
            f"static const unsigned char packed_{match[2]}[] = {{\n{text}}};\n"
        )

    text = TABLE.sub(empty, text)
    if not filled:
        raise RecipeError(f"the header of {name} has no tables to compress.")
    parts = "".join(
        f"        {{(unsigned char *){table}, sizeof {table},\n"
        f"         packed_{table}, sizeof packed_{table}}},\n"
        for table in filled
    )
    return f"{text}{FILLING.replace('NAME', name).replace('PARTS', parts)}"


def _numbers(match: re.Match[str]) -> list[int]:
    return [
        WORDS[word] if word in WORDS else int(word, 0)
        for word in match[3].replace(",", " ").split()
    ]


def _content(match: re.Match[str]) -> bytes:
    numbers = _numbers(match)
    return struct.pack(f"<{len(numbers)}{ELEMENTS[match[1]]}", *numbers)
