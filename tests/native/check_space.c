// mm/space.c, mm/ranges.c: whose a page is when there are several processes, and what a host is
// told.
#include "check.h"
#include "mm/memory.h"
#include "mm/pages.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "vfs/mapping.h"

#include <boxer/linux_mman.h>
#include <string.h>

enum { RW = LINUX_PROT_READ | LINUX_PROT_WRITE };
enum { ANONYMOUS = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS };

static size_t page_number(const void *address) {
    return ((uintptr_t)address - pages.base) / PAGE_SIZE;
}

static char *map(size_t count, int flags) {
    return (char *)CALL(mmap2, 0, count * PAGE_SIZE, RW, flags, -1, 0);
}

static void kernel_and_programs_share_no_word(void) {
    for (int i = 0; i < 300; i++) {
        CHECK(map((size_t)i % 7 + 1, ANONYMOUS) > (char *)0);
        CHECK(pages_alloc((size_t)i % 5 + 1, 0) != NULL);
    }
    int both = 0;
    for (size_t word = 0; word < PAGE_WORDS; word++)
        both += pages_lent[word] && kernels(word);
    CHECK_EQUAL(both, 0);
}

// The search for pages goes on behind memory's end at the next word, and may then need bits for
// more pages than `limit` and `count` say.
static void memory_may_end_within_a_word(void) {
    enum { STEP = 64 * 64 }; // WORDS_STEP, in pages
    CHECK_EQUAL(pages_reach((pages.limit + 63) / 64 * 64 + 64), 1);
    size_t there = pages.limit / 64 * 64;
    pages.limit = there - 48;
    CHECK_EQUAL(pages_claim(pages.base + (pages.limit - 1) * PAGE_SIZE, 1, 0), 1);
    size_t count = (pages.limit + STEP - 1) / STEP * STEP - pages.limit;
    char *pages_found = map(count, ANONYMOUS);
    CHECK(pages_found > (char *)0);
    CHECK(page_number(pages_found) >= there);
    CHECK_EQUAL(CALL(munmap, pages_found, count * PAGE_SIZE), 0);
}

static void a_page_is_free_when_nobody_has_it(void) {
    char *page = map(1, ANONYMOUS);
    struct space *first = space_in_place, *second;
    CHECK_EQUAL(space_prepare(first), 0);
    space_leave();
    second = space_copy();
    CHECK_EQUAL(CALL(munmap, page, PAGE_SIZE), 0);
    CHECK_EQUAL(page_owner((uintptr_t)page), PAGE_FREE); // for this one
    CHECK_EQUAL(bit_of(pages_used, page_number(page)), 1);
    CHECK_EQUAL((uintptr_t)map(1, ANONYMOUS), (uintptr_t)page); // another one at the same place
    CHECK_EQUAL(CALL(munmap, page, PAGE_SIZE), 0);
    space_enter(second);
    CHECK_EQUAL(page_owner((uintptr_t)page), PAGE_PROGRAM);
    CHECK_EQUAL(CALL(munmap, page, PAGE_SIZE), 0);
    CHECK_EQUAL(bit_of(pages_used, page_number(page)), 0);
    space_enter(first);
    CHECK_EQUAL(space_put(second), 1);
}

static void begin_and_end_a_space(void) {
    struct space *first = space_in_place;
    struct space *other = space_empty();
    space_leave();
    space_enter(other);
    CHECK(map(100, ANONYMOUS) > (char *)0);
    char *shared = map(20, LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS);
    CHECK(shared > (char *)0);
    space_leave();
    space_enter(first);
    CHECK_EQUAL(page_owner((uintptr_t)shared), PAGE_KERNEL);
    mappings_end(other);
    CHECK_EQUAL(space_put(other), 1);
}

static void a_space_that_ends_gives_up_its_pages(void) {
    CHECK_EQUAL(space_prepare(space_in_place), 0);
    begin_and_end_a_space(); // slabs for its records stay
    size_t before = pages_in_use();
    begin_and_end_a_space();
    CHECK_EQUAL(pages_in_use(), before);
}

static void shared_memory_is_one_for_parent_and_child(void) {
    char *shared = map(3, LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS);
    struct space *first = space_in_place;
    CHECK_EQUAL(space_prepare(first), 0);
    space_leave();
    struct space *child = space_copy();
    CHECK_EQUAL(mappings_copy(space_in_place, child), 0);
    for (uint32_t i = 0; i < child->told.count; i++) { // it is never exchanged
        const struct boxer_space_range *range = &child->ranges[i];
        CHECK((uint32_t)(uintptr_t)shared + 3 * PAGE_SIZE <= range->address ||
              (uint32_t)(uintptr_t)shared >= range->address + range->size);
    }
    CHECK_EQUAL(CALL(munmap, shared, 3 * PAGE_SIZE), 0);
    CHECK_EQUAL(page_owner((uintptr_t)shared), PAGE_KERNEL);
    space_enter(child);
    CHECK_EQUAL(page_owner((uintptr_t)shared), PAGE_PROGRAM);
    CHECK_EQUAL(CALL(munmap, shared, 3 * PAGE_SIZE), 0);
    CHECK_EQUAL(page_owner((uintptr_t)shared), PAGE_FREE);
}

// Sorted, disjoint, with each page that is the space's and none that is the kernel's.
static void check_ranges(const struct space *space) {
    uint64_t end = 0;
    size_t told = 0;
    for (uint32_t i = 0; i < space->told.count; i++) {
        const struct boxer_space_range *range = &space->ranges[i];
        uint32_t at = range->address - (uint32_t)pages.base; // addresses of 64 bits are cut here
        CHECK(at >= end && range->size > 0 && range->size % PAGE_SIZE == 0);
        end = (uint64_t)at + range->size;
        size_t first = at / PAGE_SIZE;
        for (size_t page = first; page < first + range->size / PAGE_SIZE; page++) {
            CHECK_EQUAL(kernels(page / 64) >> page % 64 & 1, 0);
            told += page / 64 < space->words && bit_of(space->own, page);
        }
    }
    size_t own = 0;
    for (size_t word = 0; word < space->words; word++)
        own += (size_t)__builtin_popcountll(space->own[word]);
    CHECK_EQUAL(told, own);
    CHECK(space->told.count <= space->room);
}

static void ranges_are_right_whatever_is_mapped(void) {
    enum { SPACES = 4, SLOTS = 32 };
    static struct {
        char *at;
        size_t count;
    } slots[SPACES][SLOTS];
    struct space *all[SPACES] = {space_in_place};
    uint32_t random = 7;
    CHECK_EQUAL(space_prepare(all[0]), 0);
    for (int i = 1; i < SPACES; i++)
        all[i] = space_empty();
    for (int round = 0; round < 3000; round++) {
        random = random * 1664525 + 1013904223;
        int which = random >> 9 & (SPACES - 1);
        size_t slot = random >> 13 & (SLOTS - 1), count = (random >> 20 & 63) + 1;
        space_leave();
        check_ranges(space_in_place);
        space_enter(all[which]);
        char **at = &slots[which][slot].at;
        if (*at) {
            CHECK_EQUAL(CALL(munmap, *at, slots[which][slot].count * PAGE_SIZE), 0);
            *at = NULL;
            continue;
        }
        int flags = ANONYMOUS;
        char *wanted = NULL;
        if (random & 3 << 3) {
            flags |= LINUX_MAP_FIXED_NOREPLACE;
            wanted = (char *)memory_floor() + (random >> 5 & 0xfff) * PAGE_SIZE;
        } else if (random & 32) {
            flags = LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS;
        }
        long got = CALL(mmap2, wanted, count * PAGE_SIZE, RW, flags, -1, 0);
        if (got < 0 && got > -4096)
            continue;
        *at = (char *)got;
        slots[which][slot].count = count;
    }
}

static void a_copy_without_memory_leaves_all_as_it_was(void) {
    CHECK(map(3, LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS) > (char *)0);
    CHECK_EQUAL(space_prepare(space_in_place), 0);
    space_leave();
    struct space *copy = space_copy(); // the caches for small objects are warm
    CHECK_EQUAL(mappings_copy(space_in_place, copy), 0);
    mappings_end(copy);
    space_put(copy);
    pages_scrub();
    size_t before = pages_in_use();
    int refused = 0;
    for (uint64_t nth = 1; nth < 20; nth++) {
        memory_fail_at(nth);
        copy = space_copy();
        int error = copy ? mappings_copy(space_in_place, copy) : 0;
        int left = memory_fail_at(0) != 0;
        refused += !copy || error;
        if (copy) {
            mappings_end(copy);
            CHECK_EQUAL(space_put(copy), 1);
        }
        pages_scrub();
        CHECK_EQUAL(pages_in_use(), before);
        if (left)
            break;
    }
    CHECK(refused > 2);
}

int main(void) {
    RUN(kernel_and_programs_share_no_word);
    RUN(memory_may_end_within_a_word);
    RUN(a_page_is_free_when_nobody_has_it);
    RUN(a_space_that_ends_gives_up_its_pages);
    RUN(shared_memory_is_one_for_parent_and_child);
    RUN(ranges_are_right_whatever_is_mapped);
    RUN(a_copy_without_memory_leaves_all_as_it_was);
    return finish();
}
