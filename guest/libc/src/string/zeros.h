// Which bytes of a word are zero. The first byte of a word is its lowest.
#include <stdint.h>

struct __attribute__((packed)) word { uint64_t value; };
#define AT(p) (((const struct word *)(p))->value)
#define ONES 0x0101010101010101u

// The highest bit of each byte that is zero; above the first of those, bytes of 1 may be marked, too.
static inline uint64_t zeros(uint64_t word) {
    return (word - ONES) & ~word & ONES << 7;
}

static inline int first(uint64_t found) {
    return __builtin_ctzll(found) / 8;
}
