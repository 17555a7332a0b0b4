// Whose each page is, without regard to which program's.
//
// Invariants
// 1. Three bitmaps say everything: `pages_used` (not free), `pages_lent` (some program's:
// mm/space.c)
//    and `dirty` (ever used since it last was zeroed). A free page that is not dirty reads as zero,
//    whichever space is in place.
// 2. lent implies used.
// 3. Runs are first fit from below; memory grows only when no hole is large enough.
#include "mm/pages.h"
#include "host/host.h"
#include "host/reached.h"
#include "state.h"

#include <boxer/boot.h>
#include <string.h>

#define GROW_PAGES 64u // 256 KiB at a time: few memory.grow calls, little slack

// Bitmaps for all of a 4 GiB linear memory: 3 x 128 KiB of zeros, touched only as far as used.
_Alignas(PAGE_SIZE) uint64_t pages_used[PAGE_WORDS], pages_lent[PAGE_WORDS];
static _Alignas(PAGE_SIZE) uint64_t dirty[PAGE_WORDS];
KERNEL_STATE struct pages pages;
#ifdef __wasm__

#define WASM_PAGES (65536u / PAGE_SIZE)

static uintptr_t arena_base(void) {
    return 0;
}

static size_t arena_pages(void) {
    return (size_t)__builtin_wasm_memory_size(0) * WASM_PAGES;
}

static int arena_grow(size_t count) {
    size_t more = (count + WASM_PAGES - 1) / WASM_PAGES;
    return __builtin_wasm_memory_grow(0, more) != (size_t)-1;
}

#else

static _Alignas(4096) unsigned char arena[(size_t)MAX_PAGES * PAGE_SIZE];
static size_t arena_size = GROW_PAGES;

static uintptr_t arena_base(void) {
    return (uintptr_t)arena;
}

static size_t arena_pages(void) {
    return arena_size;
}

static int arena_grow(size_t count) {
    if (count > MAX_PAGES - arena_size)
        return 0;
    arena_size += count;
    return 1;
}

#endif

size_t page_of(const void *address) {
    size_t page = ((uintptr_t)address - pages.base) / PAGE_SIZE;
    if ((uintptr_t)address < pages.base || ((uintptr_t)address - pages.base) % PAGE_SIZE ||
        page >= pages.limit)
        host_abort();
    return page;
}

static void zero_dirty(size_t from, size_t to) {
    for (size_t page = next_bit(dirty, from, to, 1); page < to;) {
        size_t end = next_bit(dirty, page, to, 0);
        memset(address_of(page), 0, (end - page) * PAGE_SIZE);
        page = next_bit(dirty, end, to, 1);
    }
}

void pages_take(size_t from, size_t to, int zeroed) {
    if (zeroed)
        zero_dirty(from, to);
    for (size_t page = next_bit(pages_used, from, to, 0); page < to;) {
        size_t end = next_bit(pages_used, page, to, 1);
        pages.in_use += end - page;
        page = next_bit(pages_used, end, to, 0);
    }
    set_bits(pages_used, from, to, 1);
    set_bits(dirty, from, to, 1);
}

void pages_release(size_t from, size_t to) {
    set_bits(pages_used, from, to, 0);
    set_bits(pages_lent, from, to, 0);
    pages.in_use -= to - from;
    size_t word = from / 64 * 64; // all of it may be the kernel's now
    if (word < pages.lowest)
        pages.lowest = word;
}

// Whether pages up to `end` exist. A host may have made the memory larger than it was.
static int is_there(size_t end) {
    size_t there = arena_pages();
    pages.limit = there > MAX_PAGES ? MAX_PAGES : there;
    return end <= pages.limit;
}

// Grows linear memory so that pages up to `end` exist.
int pages_reach(size_t end) {
    if (end <= pages.limit)
        return 1;
    if (end > MAX_PAGES || (pages.most && end > pages.most))
        return 0;
    if (is_there(end))
        return 1;
    size_t need = end - pages.limit;
    size_t want = (need + GROW_PAGES - 1) / GROW_PAGES * GROW_PAGES;
    if (!arena_grow(want) && !arena_grow(need)) {
        limit_reached(BOXER_REACHED_MEMORY);
        return 0;
    }
    return is_there(end);
}

void pages_boot(uintptr_t heap) {
    pages.base = arena_base();
    pages.limit = arena_pages();
    if (pages.limit > MAX_PAGES)
        pages.limit = MAX_PAGES;
    pages.first = pages.base ? 0 : (heap + PAGE_SIZE - 1) / PAGE_SIZE;
    pages.search = pages.first + MEMORY_BRK_PAGES;
    pages.lowest = (pages.search + 63) / 64 * 64;
    pages.in_use = 0;
    set_bits(pages_used, 0, MAX_PAGES, 0);
    set_bits(pages_lent, 0, MAX_PAGES, 0);
    set_bits(pages_used, 0, pages.first, 1);
    set_bits(pages_lent, 0, pages.first, 1); // data and stack; brk(2)'s pages may be in that word
    pages_reach(pages.search + 1);
}

size_t pages_find(size_t from, size_t count, taken_bits taken) {
    size_t start = from;
    for (size_t page = from; page < pages.limit;) {
        uint64_t bits = taken(page / 64) >> (page % 64);
        size_t free = bits ? (size_t)__builtin_ctzll(bits) : 64 - page % 64;
        page += free;
        if (page - start >= count || page >= pages.limit)
            break;
        if (!bits)
            continue; // up to the word's end, and maybe beyond
        bits = ~taken(page / 64) >> (page % 64);
        page = bits ? page + (size_t)__builtin_ctzll(bits) : (page / 64 + 1) * 64;
        start = page;
    }
    return start;
}

void pages_clean(void) {
    for (size_t page = next_bit(pages_used, pages.first, pages.limit, 0); page < pages.limit;) {
        size_t end = next_bit(pages_used, page, pages.limit, 1);
        zero_dirty(page, end);
        set_bits(dirty, page, end, 0);
        page = next_bit(pages_used, end, pages.limit, 0);
    }
}

void pages_bitmaps(uintptr_t from[3], size_t *size) {
    from[0] = (uintptr_t)pages_used;
    from[1] = (uintptr_t)pages_lent;
    from[2] = (uintptr_t)dirty;
    *size = sizeof dirty;
}
