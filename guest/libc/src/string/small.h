// Few bytes, as overlapping words: an engine leaves the guest for memory.copy and memory.fill, which
// costs as much as 20 instructions. All is read before anything is written.
#include <stdint.h>
#include <string.h>
#include "vectors.h"

#define SMALL 64

struct __attribute__((packed)) word8 { uint64_t value; };
struct __attribute__((packed)) word4 { uint32_t value; };
struct __attribute__((packed)) word2 { uint16_t value; };
#define AT(bytes, p) (((struct word##bytes *)(p))->value)

static inline void *copy_small(void *dest, const void *src, size_t n) {
    unsigned char *d = dest;
    const unsigned char *s = src;
    if (n > 32) {
        v128_t a = VECTOR(s), b = VECTOR(s + 16), c = VECTOR(s + n - 32), e = VECTOR(s + n - 16);
        VECTOR(d) = a, VECTOR(d + 16) = b, VECTOR(d + n - 32) = c, VECTOR(d + n - 16) = e;
    } else if (n >= 16) {
        v128_t a = VECTOR(s), b = VECTOR(s + n - 16);
        VECTOR(d) = a, VECTOR(d + n - 16) = b;
    } else if (n >= 8) {
        uint64_t a = AT(8, s), b = AT(8, s + n - 8);
        AT(8, d) = a, AT(8, d + n - 8) = b;
    } else if (n >= 4) {
        uint32_t a = AT(4, s), b = AT(4, s + n - 4);
        AT(4, d) = a, AT(4, d + n - 4) = b;
    } else if (n >= 2) {
        uint16_t a = AT(2, s), b = AT(2, s + n - 2);
        AT(2, d) = a, AT(2, d + n - 2) = b;
    } else if (n) {
        *d = *s;
    }
    return dest;
}

static inline void *fill_small(void *dest, int c, size_t n) {
    unsigned char *d = dest;
    v128_t vector = wasm_i8x16_splat(c);
    uint64_t word = wasm_i64x2_extract_lane(vector, 0);
    if (n > 32) {
        VECTOR(d) = vector, VECTOR(d + 16) = vector;
        VECTOR(d + n - 32) = vector, VECTOR(d + n - 16) = vector;
    } else if (n >= 16) {
        VECTOR(d) = vector, VECTOR(d + n - 16) = vector;
    } else if (n >= 8) {
        AT(8, d) = word, AT(8, d + n - 8) = word;
    } else if (n >= 4) {
        AT(4, d) = (uint32_t)word, AT(4, d + n - 4) = (uint32_t)word;
    } else if (n >= 2) {
        AT(2, d) = (uint16_t)word, AT(2, d + n - 2) = (uint16_t)word;
    } else if (n) {
        *d = (unsigned char)c;
    }
    return dest;
}
