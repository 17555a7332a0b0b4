// What the files of this folder share: whose each page is, without regard to which program's.
#ifndef KERNEL_MM_PAGES_H
#define KERNEL_MM_PAGES_H

#include "mm/bitmap.h"
#include "mm/memory.h"

#include <stddef.h>
#include <stdint.h>

#define PAGES_MAX_NATIVE (1u << 16) // 256 MiB
#ifdef __wasm__
#define MAX_PAGES MEMORY_PAGES_MAX
#else
#define MAX_PAGES PAGES_MAX_NATIVE
#endif
#define PAGE_WORDS (MAX_PAGES / 64)

extern uint64_t pages_used[]; // not free
extern uint64_t pages_lent[]; // of those, the ones that one or several spaces own

struct pages {
    uintptr_t base; // address of page 0
    size_t first, limit, in_use;
    size_t search; // where first fit begins: first + MEMORY_BRK_PAGES
    size_t lowest; // the kernel finds no free page below
    size_t most;   // pages beyond are refused; 0: no limit
};
extern struct pages pages;

static inline void *address_of(size_t page) {
    return (void *)(pages.base + page * PAGE_SIZE);
}

// The pages of a word that the kernel has.
static inline uint64_t kernels(size_t word) {
    return pages_used[word] & ~pages_lent[word];
}

void pages_boot(uintptr_t heap);
size_t page_of(const void *address); // ends the machine when it is none
// The first of `count` pages in a row that `taken` leaves free, from `from` on, or behind the last
// page there is. taken: the bits of a word that cannot be had.
typedef uint64_t (*taken_bits)(size_t word);
size_t pages_find(size_t from, size_t count, taken_bits);
int pages_reach(size_t end); // linear memory is as long
void pages_take(size_t from, size_t to, int zeroed);
void pages_release(size_t from, size_t to);          // nobody uses them any more
void pages_clean(void);                              // zeroes every free page that was ever used
void pages_bitmaps(uintptr_t from[3], size_t *size); // where they lie: no program's data

#endif
