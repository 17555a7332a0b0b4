// The kernel's pages.
//
// Invariants
// 1. Freeing never needs memory, so it cannot fail.
// 2. The kernel takes no page of a word (64 pages) that has a lent one: what the host exchanges
//    when processes take turns is few large ranges, and what lies between a space's pages in a word
//    is nobody's that would miss it.
// 3. No free page that the kernel may have lies below `pages.lowest`.
#include "mm/memory.h"
#include "host/host.h"
#include "host/reached.h"
#include "mm/pages.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "state.h"

#include <boxer/boot.h>
#include <string.h>

static KERNEL_STATE uint64_t countdown;

void memory_reserve(size_t count) {
    size_t end = pages.limit;
    while (end > pages.first && !bit_of(pages_used, end - 1))
        end--;
    if (!pages.most)
        pages_reach(end + count);
}

int memory_refuses(void) {
    return countdown && --countdown == 0;
}

void memory_boot(uintptr_t heap) {
    pages_boot(heap);
    spaces_boot();
}

void pages_scrub(void) {
    slabs_scrub();
    pages_clean();
}

static uint64_t taken_for_kernel(size_t word) {
    return pages_lent[word] ? ~0ull : pages_used[word];
}

void *pages_alloc(size_t count, int zeroed) {
    if (count == 0 || count > MAX_PAGES || memory_refuses())
        return NULL;
    pages.lowest = pages_find(pages.lowest, 1, taken_for_kernel);
    size_t page = pages_find(pages.lowest, count, taken_for_kernel);
    if (count > MAX_PAGES - page || !pages_reach(page + count))
        return NULL;
    pages_take(page, page + count, zeroed);
    return address_of(page);
}

void pages_free(void *start, size_t count) {
    size_t page = page_of(start);
    if (page < pages.first || count > pages.limit - page ||
        next_bit(pages_used, page, page + count, 0) != page + count ||
        next_bit(pages_lent, page, page + count, 1) != page + count)
        host_abort();
    pages_release(page, page + count);
    spaces_released(page);
}

int pages_claim(uintptr_t address, size_t count, int zeroed) {
    if (address < pages.base || count == 0)
        return 0;
    size_t page = (address - pages.base) / PAGE_SIZE;
    if (page < pages.first || page >= MAX_PAGES || count > MAX_PAGES - page || memory_refuses())
        return 0;
    size_t end = page + count, known = end < pages.limit ? end : pages.limit;
    if (page < known && next_bit(pages_used, page, known, 1) != known)
        return 0;
    for (size_t word = page / 64; word <= (end - 1) / 64; word++)
        if (pages_lent[word] && !space_admits(word))
            return 0;
    if (!pages_reach(end))
        return 0;
    pages_take(page, end, zeroed);
    return 1;
}

int pages_extend(void *start, size_t old, size_t count, int zeroed) {
    if (count < old)
        pages_free((char *)start + count * PAGE_SIZE, old - count);
    if (count <= old)
        return 1;
    size_t page = page_of(start) + old, end = page + count - old;
    for (size_t word = page / 64; end <= MAX_PAGES && word <= (end - 1) / 64; word++)
        if (pages_lent[word])
            return 0;
    return pages_claim((uintptr_t)start + old * PAGE_SIZE, count - old, zeroed);
}

size_t pages_total(void) {
    return pages.limit - pages.first;
}

size_t pages_in_use(void) {
    return pages.in_use;
}

uintptr_t memory_floor(void) {
    return pages.base + pages.first * PAGE_SIZE;
}

uintptr_t memory_end(void) {
    return pages.base + pages.limit * PAGE_SIZE;
}

int user_range(const void *address, size_t size) {
    if (!address)
        return size == 0;
#ifdef __wasm__
    uintptr_t end = __builtin_wasm_memory_size(0) * 65536u; // 0: all of 4 GiB
    return (uintptr_t)address + size >= (uintptr_t)address &&
           (uintptr_t)address + size - 1 <= end - 1;
#else
    return 1;
#endif
}

void memory_limit(size_t count) {
    pages.most = count ? pages.first + count : 0;
}

uint64_t memory_fail_at(uint64_t allocation) {
    uint64_t left = countdown;
    countdown = allocation;
    return left;
}
