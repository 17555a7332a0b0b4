// Runs of pages as bits, 64 to a word.
#ifndef KERNEL_MM_BITMAP_H
#define KERNEL_MM_BITMAP_H

#include <stddef.h>
#include <stdint.h>

static inline int bit_of(const uint64_t *map, size_t page) {
    return (int)(map[page / 64] >> (page % 64) & 1);
}

// The bits of word `word` that lie in [from, to).
static inline uint64_t mask_of(size_t from, size_t to, size_t word) {
    uint64_t mask = ~0ull;
    if (word == from / 64)
        mask &= ~0ull << (from % 64);
    if (word == (to - 1) / 64)
        mask &= ~0ull >> (63 - (to - 1) % 64);
    return mask;
}

static inline void set_bits(uint64_t *map, size_t from, size_t to, int value) {
    for (size_t word = from / 64; from < to && word <= (to - 1) / 64; word++) {
        uint64_t mask = mask_of(from, to, word);
        map[word] = value ? map[word] | mask : map[word] & ~mask;
    }
}

// The first page >= from whose bit is `value`, or `end`.
static inline size_t next_bit(const uint64_t *map, size_t from, size_t end, int value) {
    while (from < end) {
        uint64_t word = (value ? map[from / 64] : ~map[from / 64]) >> (from % 64);
        if (word) {
            size_t page = from + (size_t)__builtin_ctzll(word);
            return page < end ? page : end;
        }
        from = (from / 64 + 1) * 64;
    }
    return end;
}

#endif
