"""x86's headers of vectors over WebAssembly's: what they come to is what x86 comes to."""

from __future__ import annotations

import itertools
import math
import struct
import subprocess
from pathlib import Path

import pytest
import wasmtime

from recipes import toolchain, vectors

HEADERS = sorted(vectors.HEADERS)
# Each works on the two operands at 0 and 16, and puts what came out at 32.
FUNCTIONS = {
    "max_pd": "_mm_storeu_pd(d + 4, _mm_max_pd(_mm_loadu_pd(d), _mm_loadu_pd(d + 2)))",
    "min_pd": "_mm_storeu_pd(d + 4, _mm_min_pd(_mm_loadu_pd(d), _mm_loadu_pd(d + 2)))",
    "max_ps": "_mm_storeu_ps(f + 8, _mm_max_ps(_mm_loadu_ps(f), _mm_loadu_ps(f + 4)))",
    "min_ps": "_mm_storeu_ps(f + 8, _mm_min_ps(_mm_loadu_ps(f), _mm_loadu_ps(f + 4)))",
}
NUMBERS = (0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan)


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("headers") / "vectors"
    vectors.write_headers(folder)
    return folder


ROUNDED = "_mm_storeu_si128((__m128i *)(d + 4), _mm_cvtpd_epi32(_mm_loadu_pd(d)))"
# Doubles, and what x86 makes whole numbers of 32 bits of them.
WHOLE = {
    0.5: 0, 1.5: 2, -0.5: 0, -1.5: -2, 2.5: 2, 7.4: 7, -7.6: -8, 2147483647.4: 2147483647,
    2147483647.5: -(2**31), -2147483648.5: -(2**31), -3e9: -(2**31), 1e300: -(2**31),
    math.inf: -(2**31), -math.inf: -(2**31), math.nan: -(2**31),
}  # fmt: skip


def compiled(headers: Path, folder: Path, text: str) -> bytes:
    (folder / "vectors.c").write_text(text)
    done = subprocess.run(
        [
            *(str(toolchain.zig()), "cc", "-target", "wasm32-wasi", "-nostdlib", "-O2"),
            *("-msimd128", "-I", str(headers), "vectors.c", "-Wl,--no-entry"),
            *("-o", "vectors.wasm"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "vectors.wasm").read_bytes()


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_stands_alone(headers: Path, tmp_path: Path, name: str) -> None:
    text = f"#include <{name}.h>\n__m128 sum(__m128 a, __m128 b) {{ return _mm_add_ps(a, b); }}\n"
    compiled(headers, tmp_path, text)


class Machine:
    """Runs functions of one argument, an address at which two operands lie, 16 bytes each."""

    def __init__(self, headers: Path, folder: Path, functions: dict[str, str]) -> None:
        text = "#include <emmintrin.h>\n"
        for name, body in functions.items():
            text += f'__attribute__((export_name("{name}")))\n'
            text += f"void {name}(void *at) {{ double *d = at; float *f = at; {body}; }}\n"
        self.store = wasmtime.Store()
        module = wasmtime.Module(self.store.engine, compiled(headers, folder, text))
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)

    def run(self, name: str, operands: bytes) -> bytes:
        memory, function = self.exports["memory"], self.exports[name]
        assert isinstance(memory, wasmtime.Memory)
        assert isinstance(function, wasmtime.Func)
        memory.write(self.store, operands, 1024)
        function(self.store, 1024)
        return bytes(memory.read(self.store, 1024 + 32, 1024 + 48))


def test_maxima_take_the_second_operand_where_neither_is_larger(
    headers: Path, tmp_path: Path
) -> None:
    machine = Machine(headers, tmp_path, FUNCTIONS)
    pairs = itertools.product(NUMBERS, repeat=2)
    for name, (first, second) in itertools.product(FUNCTIONS, pairs):
        form, lanes = ("<d", 2) if name.endswith("pd") else ("<f", 4)
        a, b = struct.pack(form, first) * lanes, struct.pack(form, second) * lanes
        larger = first > second if name.startswith("max") else first < second
        assert machine.run(name, a + b) == (a if larger else b), (name, first, second)


def test_doubles_are_rounded_to_the_even_one_of_two(headers: Path, tmp_path: Path) -> None:
    machine = Machine(headers, tmp_path, {"rounded": ROUNDED})
    found = {
        n: struct.unpack("<4i", machine.run("rounded", struct.pack("<4d", n, 8.5, 0, 0)))
        for n in WHOLE
    }
    assert found == {number: (whole, 8, 0, 0) for number, whole in WHOLE.items()}
