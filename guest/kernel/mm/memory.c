// Pages of linear memory.
//
// Invariants
// 1. Three bitmaps say everything: `used` (not free), `dirty` (ever used since it last was zeroed)
//    and `given` (used by the program). A free page that is not dirty reads as zero.
// 2. given implies used. Freeing never needs memory, so it cannot fail.
// 3. No free page lies below `lowest`: the search for one page starts there.
// 4. Runs are first fit from below; memory grows only when no hole is large enough.
#include "mm/memory.h"
#include "host/host.h"
#include "host/reached.h"
#include "mm/slab.h"
#include "state.h"

#include <boxer/boot.h>
#include <boxer/linux_errno.h>
#include <string.h>

// Bitmaps for all of a 4 GiB linear memory: 3 x 128 KiB of zeros, touched only as far as used.
#ifdef __wasm__
#define MAX_PAGES (1u << 20)
#else
#define MAX_PAGES (1u << 16) // 256 MiB natively
#endif
#define WORDS (MAX_PAGES / 64)
#define GROW_PAGES 64u // 256 KiB at a time: few memory.grow calls, little slack

static uint64_t used[WORDS], dirty[WORDS], given[WORDS];
static KERNEL_STATE uintptr_t base; // address of page 0
static KERNEL_STATE size_t first, limit, in_use, most;
static KERNEL_STATE size_t search; // where first fit begins: first + MEMORY_BRK_PAGES
static KERNEL_STATE size_t lowest;
static KERNEL_STATE uint64_t countdown;
static KERNEL_STATE struct memory_kept *kept; // of the program suspended last

#ifdef __wasm__

#define WASM_PAGES (65536u / PAGE_SIZE)

static uintptr_t arena_base(void) {
    return 0;
}

static size_t arena_pages(void) {
    return (size_t)__builtin_wasm_memory_size(0) * WASM_PAGES;
}

static int arena_grow(size_t pages) {
    size_t more = (pages + WASM_PAGES - 1) / WASM_PAGES;
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

static int arena_grow(size_t pages) {
    if (pages > MAX_PAGES - arena_size)
        return 0;
    arena_size += pages;
    return 1;
}

#endif

static int bit(const uint64_t *map, size_t page) {
    return (int)(map[page / 64] >> (page % 64) & 1);
}

static uint64_t mask_of(size_t from, size_t to, size_t word) {
    uint64_t mask = ~0ull;
    if (word == from / 64)
        mask &= ~0ull << (from % 64);
    if (word == (to - 1) / 64)
        mask &= ~0ull >> (63 - (to - 1) % 64);
    return mask;
}

static void set_bits(uint64_t *map, size_t from, size_t to, int value) {
    for (size_t word = from / 64; from < to && word <= (to - 1) / 64; word++) {
        uint64_t mask = mask_of(from, to, word);
        map[word] = value ? map[word] | mask : map[word] & ~mask;
    }
}

// The first page >= from whose bit is `value`, or `end`.
static size_t next_bit(const uint64_t *map, size_t from, size_t end, int value) {
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

static void *address_of(size_t page) {
    return (void *)(base + page * PAGE_SIZE);
}

static size_t page_of(const void *address) {
    size_t page = ((uintptr_t)address - base) / PAGE_SIZE;
    if ((uintptr_t)address < base || ((uintptr_t)address - base) % PAGE_SIZE || page >= limit)
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

static void take(size_t from, size_t to, int zeroed) {
    if (zeroed)
        zero_dirty(from, to);
    set_bits(used, from, to, 1);
    set_bits(dirty, from, to, 1);
    in_use += to - from;
    if (from <= lowest && lowest < to)
        lowest = next_bit(used, to, limit, 0);
}

// Grows linear memory so that pages up to `end` exist.
static int reach(size_t end) {
    if (end <= limit)
        return 1;
    if (end > MAX_PAGES || (most && end > most))
        return 0;
    size_t need = end - limit;
    size_t want = (need + GROW_PAGES - 1) / GROW_PAGES * GROW_PAGES;
    if (!arena_grow(want) && !arena_grow(need)) {
        limit_reached(BOXER_REACHED_MEMORY);
        return 0;
    }
    size_t pages = arena_pages();
    limit = pages > MAX_PAGES ? MAX_PAGES : pages;
    return end <= limit;
}

void memory_reserve(size_t count) {
    size_t end = limit;
    while (end > first && !bit(used, end - 1))
        end--;
    if (!most)
        reach(end + count);
}

int memory_refuses(void) {
    return countdown && --countdown == 0;
}

void memory_boot(uintptr_t heap) {
    base = arena_base();
    limit = arena_pages();
    if (limit > MAX_PAGES)
        limit = MAX_PAGES;
    first = base ? 0 : (heap + PAGE_SIZE - 1) / PAGE_SIZE;
    lowest = search = first + MEMORY_BRK_PAGES;
    in_use = 0;
    set_bits(used, 0, MAX_PAGES, 0);
    set_bits(given, 0, MAX_PAGES, 0);
    set_bits(used, 0, first, 1);
    reach(search + 1);
}

// Between the program's pages and their copy; back: the pages are the program's again.
static void copy_kept(const struct memory_kept *memory, int back) {
    uint8_t *copy = memory->contents;
    for (size_t page = next_bit(memory->pages, 0, memory->end, 1); page < memory->end;) {
        size_t end = next_bit(memory->pages, page, memory->end, 0), size = (end - page) * PAGE_SIZE;
        if (back)
            set_bits(given, page, end, 1);
        memcpy(back ? address_of(page) : copy, back ? copy : address_of(page), size);
        copy += size;
        page = next_bit(memory->pages, end, memory->end, 1);
    }
}

void *pages_alloc(size_t count, int zeroed) {
    if (count == 0 || count > MAX_PAGES || memory_refuses())
        return NULL;
    size_t page = next_bit(used, lowest, limit, 0);
    lowest = page;
    while (page < limit) {
        size_t end = next_bit(used, page, limit < page + count ? limit : page + count, 1);
        if (end - page >= count || end == limit)
            break;
        page = next_bit(used, end, limit, 0);
    }
    if (count > MAX_PAGES - page || !reach(page + count))
        return NULL;
    take(page, page + count, zeroed);
    return address_of(page);
}

static void release(size_t from, size_t to) {
    set_bits(used, from, to, 0);
    in_use -= to - from;
    if (from < lowest)
        lowest = from < search ? search : from;
}

void pages_free(void *pages, size_t count) {
    size_t page = page_of(pages);
    if (page < first || count > limit - page ||
        next_bit(used, page, page + count, 0) != page + count)
        host_abort();
    set_bits(given, page, page + count, 0);
    if (!kept)
        release(page, page + count);
    for (size_t at = page; kept && at < page + count; at++)
        if (at >= kept->end || !bit(kept->pages, at))
            release(at, at + 1);
}

int pages_claim(uintptr_t address, size_t count, int zeroed) {
    if (address < base || count == 0)
        return 0;
    size_t page = (address - base) / PAGE_SIZE;
    if (page < first || page >= MAX_PAGES || count > MAX_PAGES - page || memory_refuses())
        return 0;
    size_t end = page + count, known = end < limit ? end : limit;
    if (page < known && next_bit(used, page, known, 1) != known)
        return 0;
    if (!reach(end))
        return 0;
    take(page, end, zeroed);
    return 1;
}

int pages_extend(void *pages, size_t old, size_t count, int zeroed) {
    size_t page = page_of(pages);
    if (count <= old) {
        if (count < old)
            pages_free(address_of(page + count), old - count);
        return 1;
    }
    uintptr_t behind = (uintptr_t)pages + old * PAGE_SIZE;
    if (!pages_claim(behind, count - old, zeroed))
        return 0;
    if (bit(given, page))
        set_bits(given, page + old, page + count, 1);
    return 1;
}

void pages_give(void *pages, size_t count, int to_program) {
    size_t page = page_of(pages);
    set_bits(given, page, page + count, to_program);
}

enum page_owner page_owner(uintptr_t address) {
    if (address < base || (address - base) / PAGE_SIZE >= limit)
        return PAGE_FREE;
    size_t page = (address - base) / PAGE_SIZE;
    if (!bit(used, page))
        return PAGE_FREE;
    return bit(given, page) ? PAGE_PROGRAM : PAGE_KERNEL;
}

int page_is_shared(uintptr_t address) {
    (void)address; // there is one process in place, to its end
    return 0;
}

int pages_given(uintptr_t address, size_t count) {
    size_t page = (address - base) / PAGE_SIZE;
    if (address < base || page >= limit || count > limit - page)
        return 0;
    return next_bit(given, page, page + count, 0) == page + count;
}

void pages_scrub(void) {
    slabs_scrub();
    for (size_t page = next_bit(used, first, limit, 0); page < limit;) {
        size_t end = next_bit(used, page, limit, 1);
        zero_dirty(page, end);
        set_bits(dirty, page, end, 0);
        page = next_bit(used, end, limit, 0);
    }
}

int memory_suspend(struct memory_kept *now, covered covers) {
    size_t words = (limit + 63) / 64, count = 0;
    now->pages = kmalloc(words * sizeof *now->pages);
    if (!now->pages)
        return -ENOMEM;
    memcpy(now->pages, given, words * sizeof *now->pages);
    now->end = limit;
    for (size_t page = next_bit(given, first, limit, 1); page < limit;
         page = next_bit(given, page + 1, limit, 1))
        if (covers((uintptr_t)address_of(page), 1)) // a file's, which stays mapped
            set_bits(now->pages, page, page + 1, 0);
    for (size_t word = 0; word < words; word++)
        count += (size_t)__builtin_popcountll(now->pages[word]);
    now->contents = count ? pages_alloc(count, 0) : NULL;
    if (count && !now->contents) {
        kfree(now->pages);
        return -ENOMEM;
    }
    now->count = count;
    now->outer = kept;
    kept = now;
    copy_kept(now, 0);
    return 0;
}

void memory_resume(struct memory_kept *then, covered covers) {
    kept = then->outer;
    for (size_t page = next_bit(given, first, limit, 1); page < limit;) {
        size_t end = next_bit(given, page, limit, 0);
        for (; page < end; page++)
            if ((page >= then->end || !bit(then->pages, page)) &&
                !covers((uintptr_t)address_of(page), 1))
                pages_free(address_of(page), 1);
        page = next_bit(given, end, limit, 1);
    }
    copy_kept(then, 1);
    if (then->count)
        pages_free(then->contents, then->count);
    kfree(then->pages);
}

void memory_discard(covered covers) {
    memory_resume(&(struct memory_kept){.outer = kept}, covers);
}

void memory_bitmaps(uintptr_t from[3], size_t *size) {
    from[0] = (uintptr_t)used;
    from[1] = (uintptr_t)dirty;
    from[2] = (uintptr_t)given;
    *size = sizeof used;
}

size_t pages_total(void) {
    return limit - first;
}

size_t pages_in_use(void) {
    return in_use;
}

uintptr_t memory_floor(void) {
    return base + first * PAGE_SIZE;
}

uintptr_t memory_end(void) {
    return base + limit * PAGE_SIZE;
}

int user_range(const void *address, size_t size) {
    if (!address)
        return size == 0;
#ifdef __wasm__
    uintptr_t end = arena_pages() * PAGE_SIZE; // 0: all of 4 GiB
    return (uintptr_t)address + size >= (uintptr_t)address &&
           (uintptr_t)address + size - 1 <= end - 1;
#else
    return 1;
#endif
}

void memory_limit(size_t pages) {
    most = pages ? first + pages : 0;
}

uint64_t memory_fail_at(uint64_t allocation) {
    uint64_t left = countdown;
    countdown = allocation;
    return left;
}
