"""Tables of a C header that a box carries compressed: the same numbers in the same order."""

from __future__ import annotations

import ctypes.util
import lzma
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recipes.failures import RecipeError
from recipes.tables import compressed

BYTES = [n % 251 for n in range(1500)]
WIDE = [n * 65_537 for n in range(300)]
HEADER = f"""/* A header. */
static const unsigned char small[] = {{1, 2, 3}};
static const unsigned char bytes[] = {{
{",".join(map(str, BYTES))},
}};
struct place {{const unsigned char *at; unsigned char first;}};
static const unsigned int wide[300] = {{{", ".join(map(hex, WIDE))}}};
static const ucs2_t words[] = {{U,N,M,D,{"7," * 600}}};
static const struct place places[] = {{{{bytes+3, 9}}}};
"""


def test_only_large_tables_are_compressed() -> None:
    text = compressed(HEADER, "some")
    assert "static const unsigned char small[] = {1, 2, 3};" in text
    assert "static const struct place places[] = {{bytes+3, 9}};" in text
    assert "static unsigned char bytes[1500];" in text
    assert "static unsigned int wide[300];" in text
    assert "static ucs2_t words[604];" in text


def test_what_is_packed_is_the_tables_memory() -> None:
    text = compressed(HEADER, "some")

    def content(table: str) -> bytes:
        found = re.search(rf"packed_{table}\[\] = \{{([^}}]*)\}}", text)
        assert found
        return lzma.decompress(bytes(int(word) for word in found[1].replace(",", " ").split()))

    words = [0xFFFE, 0xFFFF, 0xFFFE, 0xFFFD] + [7] * 600
    assert content("bytes") == bytes(BYTES)
    assert content("wide") == b"".join(n.to_bytes(4, "little") for n in WIDE)
    assert content("words") == b"".join(n.to_bytes(2, "little") for n in words)


def test_a_compiler_takes_it_and_liblzma_fills_it(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    library = ctypes.util.find_library("lzma")
    if not compiler or not library:
        pytest.skip("this machine has no gcc or no liblzma")
    source = tmp_path / "some.c"
    source.write_text(
        "#include <stdio.h>\ntypedef unsigned short ucs2_t;\n"
        + compressed(HEADER, "some")
        + """int main(void) {
    int before = bytes[100], failed = fill_some(), again = fill_some();
    printf("%d %d %d %d %u %d %d\\n", before, failed, again, bytes[100], wide[299], words[1],
           places[0].at[0]);
}
"""
    )
    program = tmp_path / "some"
    subprocess.run([compiler, source, "-o", program, f"-l:{library}"], check=True)
    done = subprocess.run([program], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout == f"0 0 0 {BYTES[100]} {WIDE[299]} 65535 {BYTES[3]}\n"


def test_a_header_without_tables_is_refused() -> None:
    with pytest.raises(RecipeError, match="the header of none has no tables"):
        compressed("static const unsigned char small[] = {1, 2, 3};\n", "none")
