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


def test_maxima_take_the_second_operand_where_neither_is_larger(
    headers: Path, tmp_path: Path
) -> None:
    text = "#include <emmintrin.h>\n"
    for name, body in FUNCTIONS.items():
        text += f'__attribute__((export_name("{name}")))\n'
        text += f"void {name}(void *at) {{ double *d = at; float *f = at; {body}; }}\n"
    module = compiled(headers, tmp_path, text)
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    for name, (first, second) in itertools.product(FUNCTIONS, itertools.product(NUMBERS, repeat=2)):
        form, lanes = ("<d", 2) if name.endswith("pd") else ("<f", 4)
        a, b = struct.pack(form, first) * lanes, struct.pack(form, second) * lanes
        memory.write(store, a + b, 1024)
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        function(store, 1024)
        larger = first > second if name.startswith("max") else first < second
        assert memory.read(store, 1024 + 32, 1024 + 48) == (a if larger else b), (first, second)
