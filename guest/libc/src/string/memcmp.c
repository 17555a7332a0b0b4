#include <stdint.h>
#include <string.h>

struct __attribute__((packed)) word { uint64_t value; };
#define AT(p) (((const struct word *)(p))->value)

// The first byte of a word is its lowest.
static int order(uint64_t a, uint64_t b) {
    a = __builtin_bswap64(a), b = __builtin_bswap64(b);
    return a < b ? -1 : a > b;
}

int memcmp(const void *left, const void *right, size_t n) {
    const unsigned char *l = left, *r = right;
    if (n < sizeof(uint64_t)) {
        for (; n && *l == *r; n--)
            l++, r++;
        return n ? *l - *r : 0;
    }
    // The last words overlap those before.
    const unsigned char *last = l + n - sizeof(uint64_t);
    for (; l < last; l += sizeof(uint64_t), r += sizeof(uint64_t))
        if (AT(l) != AT(r))
            return order(AT(l), AT(r));
    r -= l - last;
    return order(AT(last), AT(r));
}
