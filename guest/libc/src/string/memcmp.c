#include <string.h>
#include "vectors.h"

struct __attribute__((packed)) word8 { uint64_t value; };
struct __attribute__((packed)) word4 { uint32_t value; };
#define AT(bytes, p) (((const struct word##bytes *)(p))->value)

// The first byte of a word is its lowest.
static int order(uint64_t a, uint64_t b) {
    a = __builtin_bswap64(a), b = __builtin_bswap64(b);
    return a < b ? -1 : a > b;
}

// The last words overlap those before.
int memcmp(const void *left, const void *right, size_t n) {
    const unsigned char *l = left, *r = right;
    if (n >= WIDTH) {
        const unsigned char *last = l + n - WIDTH;
        for (;; l += WIDTH, r += WIDTH) {
            if (l > last)
                r -= l - last, l = last;
            uint32_t same = equal(l, VECTOR(r));
            if (same != 0xffff) {
                int at = __builtin_ctz(~same);
                return l[at] - r[at];
            }
            if (l == last)
                return 0;
        }
    }
    if (n >= 8) {
        if (AT(8, l) != AT(8, r))
            return order(AT(8, l), AT(8, r));
        return order(AT(8, l + n - 8), AT(8, r + n - 8));
    }
    if (n >= 4) {
        if (AT(4, l) != AT(4, r))
            return order(AT(4, l), AT(4, r));
        return order(AT(4, l + n - 4), AT(4, r + n - 4));
    }
    for (; n && *l == *r; n--)
        l++, r++;
    return n ? *l - *r : 0;
}
