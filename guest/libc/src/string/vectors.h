// Sixteen bytes at once.
#include <stdint.h>
#include <wasm_simd128.h>

#define WIDTH 16
struct __attribute__((packed)) vector { v128_t value; };
#define VECTOR(p) (((struct vector *)(p))->value)

// One bit for each byte that is `sought`, the first one lowest.
static inline uint32_t equal(const unsigned char *p, v128_t sought) {
    return wasm_i8x16_bitmask(wasm_i8x16_eq(VECTOR(p), sought));
}
