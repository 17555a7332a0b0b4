#include <string.h>
#include "vectors.h"

// Vectors at their own addresses: what is sought may be the last of memory, whatever n is.
void *memchr(const void *src, int c, size_t n) {
    size_t skip = (uintptr_t)src % WIDTH;
    const unsigned char *s = (const unsigned char *)src - skip;
    v128_t sought = wasm_i8x16_splat(c);
    if (!n)
        return 0;
    uint32_t found = equal(s, sought) >> skip << skip;
    // How many bytes there are from s on; SIZE_MAX stands for all.
    size_t left = n > SIZE_MAX - skip ? SIZE_MAX : n + skip;
    while (!found) {
        if (left <= WIDTH)
            return 0;
        s += WIDTH, left -= WIDTH;
        for (; left >= 4 * WIDTH && !((uintptr_t)s % (4 * WIDTH)); s += 4 * WIDTH, left -= 4 * WIDTH) {
            v128_t a = wasm_v128_or(wasm_i8x16_eq(VECTOR(s), sought), wasm_i8x16_eq(VECTOR(s + 16), sought));
            v128_t b = wasm_v128_or(wasm_i8x16_eq(VECTOR(s + 32), sought), wasm_i8x16_eq(VECTOR(s + 48), sought));
            if (wasm_v128_any_true(wasm_v128_or(a, b)))
                break;
        }
        found = equal(s, sought);
    }
    size_t at = __builtin_ctz(found);
    return at < left ? (void *)(s + at) : 0;
}
