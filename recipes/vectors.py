"""x86's headers of vectors (SSE to SSE4.2) and ARM's for packages: SIMDe's, over WebAssembly's.

Belongs here: which of SIMDe's files there are, and the names that C code knows them by. clang's own
headers of these names refuse every other machine; packages that know WebAssembly's vectors at all
(xxhash) look for ARM's, which Emscripten has.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from recipes.failures import RecipeError
from recipes.workshop import digest_of

DISTRIBUTION = "simde-py"
# By the header's name, the part of SIMDe; as in clang's, the fourth has the fifth's, too.
HEADERS = {
    "xmmintrin": "sse",
    "emmintrin": "sse2",
    "pmmintrin": "sse3",
    "tmmintrin": "ssse3",
    "smmintrin": "sse4.2",
    "nmmintrin": "sse4.2",
}
# The last is asked for by those of ARM.
PARTS = ("mmx", "sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "avx")
# The compiler has no _Float16 for this machine, which SIMDe would take: 1 is its portable one.
HEADER = """\
#define SIMDE_FLOAT16_API 1
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/{part}.h>
#include <simde/corrections.h>
"""
NEON = """\
#define SIMDE_FLOAT16_API 1
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/arm/neon.h>
"""
# What SIMDe 0.8.2 comes to otherwise than x86; numpy's own tests of its vectors found the last one.
# x86's maximum is the second operand where one is no number or both are zero, as `pmax` of its
# operands the other way round; SIMDe has `max` for doubles, which gives NaN, and comparisons for
# floats. Doubles are rounded to the even one of two; what has no place in 32 bits is the lowest.
CORRECTIONS = """\
#undef _mm_max_ps
#undef _mm_min_ps
#define _mm_max_ps(a, b) simde__m128_from_wasm_v128(wasm_f32x4_pmax( \\
    simde__m128_to_wasm_v128(b), simde__m128_to_wasm_v128(a)))
#define _mm_min_ps(a, b) simde__m128_from_wasm_v128(wasm_f32x4_pmin( \\
    simde__m128_to_wasm_v128(b), simde__m128_to_wasm_v128(a)))
#ifdef SIMDE_X86_SSE2_H
#undef _mm_max_pd
#undef _mm_min_pd
#define _mm_max_pd(a, b) simde__m128d_from_wasm_v128(wasm_f64x2_pmax( \\
    simde__m128d_to_wasm_v128(b), simde__m128d_to_wasm_v128(a)))
#define _mm_min_pd(a, b) simde__m128d_from_wasm_v128(wasm_f64x2_pmin( \\
    simde__m128d_to_wasm_v128(b), simde__m128d_to_wasm_v128(a)))
#undef _mm_cvtpd_epi32
#define _mm_cvtpd_epi32(a) boxer_cvtpd_epi32(a)
#ifndef BOXER_CVTPD_EPI32
#define BOXER_CVTPD_EPI32
static inline simde__m128i boxer_cvtpd_epi32(simde__m128d a) {
    v128_t rounded = wasm_f64x2_nearest(simde__m128d_to_wasm_v128(a));
    v128_t fits = wasm_f64x2_lt(rounded, wasm_f64x2_const_splat(0x1p31));
    return simde__m128i_from_wasm_v128(wasm_v128_bitselect(
        wasm_i32x4_trunc_sat_f64x2_zero(rounded), wasm_i32x4_const(INT32_MIN, INT32_MIN, 0, 0),
        wasm_i32x4_shuffle(fits, wasm_i32x4_const_splat(0), 0, 2, 4, 5)));
}
#endif
#endif
"""


def digest() -> str:
    """Of what the headers are made from. Raises RecipeError where SIMDe is not installed."""
    _package()
    return digest_of([importlib.metadata.version(DISTRIBUTION), Path(__file__)])


def write_headers(folder: Path) -> None:
    """Makes the folder that C code includes them from."""
    origin = _package() / "simde" / "simde"
    (folder / "simde" / "x86").mkdir(parents=True)
    for header in (*origin.glob("*.h"), *(origin / "x86" / f"{part}.h" for part in PARTS)):
        shutil.copy(header, folder / "simde" / header.relative_to(origin))
    (folder / "simde" / "corrections.h").write_text(CORRECTIONS)
    shutil.copytree(origin / "arm" / "neon", folder / "simde" / "arm" / "neon")
    shutil.copy(origin / "arm" / "neon.h", folder / "simde" / "arm")
    for name, part in HEADERS.items():
        (folder / f"{name}.h").write_text(HEADER.format(part=part))
    (folder / "arm_neon.h").write_text(NEON)


def _package() -> Path:
    found = importlib.util.find_spec("simde_py")
    if found is None or not found.submodule_search_locations:
        raise RecipeError(f"`{DISTRIBUTION}` is not installed", "pip install -e '.[recipes]'")
    return Path(found.submodule_search_locations[0])
