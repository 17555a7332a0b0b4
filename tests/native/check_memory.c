// mm, sys/mmap.c: pages, small objects, mappings.
#include "check.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "mm/slab.h"

#include <boxer/linux_mman.h>
#include <string.h>

enum { RW = LINUX_PROT_READ | LINUX_PROT_WRITE };
enum { ANONYMOUS = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS };

static void pages_are_first_fit_from_below(void) {
    char *a = pages_alloc(1, 0), *b = pages_alloc(3, 0), *c = pages_alloc(1, 0);
    CHECK(a < b && b < c);
    pages_free(b, 3);
    CHECK_EQUAL((uintptr_t)pages_alloc(2, 0), (uintptr_t)b);
    CHECK_EQUAL((uintptr_t)pages_alloc(2, 0) > (uintptr_t)c, 1);
    CHECK_EQUAL((uintptr_t)pages_alloc(1, 0), (uintptr_t)b + 2 * PAGE_SIZE);
}

static void reused_pages_are_zeroed_on_request(void) {
    unsigned char *page = pages_alloc(1, 1);
    memset(page, 7, PAGE_SIZE);
    pages_free(page, 1);
    unsigned char *again = pages_alloc(1, 1);
    CHECK_EQUAL((uintptr_t)again, (uintptr_t)page);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        CHECK_EQUAL(again[i], 0);
}

static void scrub_zeroes_free_pages_and_free_objects(void) {
    unsigned char *page = pages_alloc(2, 0);
    memset(page, 7, 2 * PAGE_SIZE);
    pages_free(page, 2);
    pages_scrub();
    int dirty = 0;
    for (size_t i = 0; i < 2 * PAGE_SIZE; i++)
        dirty += page[i] != 0;
    CHECK_EQUAL(dirty, 0);
}

static void objects_of_every_size_hold_their_bytes(void) {
    enum { COUNT = 400 };
    static unsigned char *objects[COUNT];
    size_t before = pages_in_use();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            size_t size = (size_t)(i * i * 31 + round) % 9000 + 1;
            objects[i] = kmalloc(size);
            CHECK(objects[i] != NULL && (uintptr_t)objects[i] % 8 == 0);
            memset(objects[i], i, size);
        }
        for (int i = 0; i < COUNT; i++) {
            CHECK_EQUAL(objects[i][0], (unsigned char)i);
            objects[i] = krealloc(objects[i], (size_t)(i * 7) % 5000 + 1);
            CHECK_EQUAL(objects[i][0], (unsigned char)i);
        }
        for (int i = 0; i < COUNT; i++)
            kfree(objects[(i * 7) % COUNT]);
    }
    pages_scrub(); // gives empty slabs back
    CHECK(pages_in_use() <= before);
}

static void anonymous_mappings_are_zero_and_independent(void) {
    char *a = (char *)CALL(mmap2, 0, 10000, RW, ANONYMOUS, -1, 0);
    char *b = (char *)CALL(mmap2, 0, 1, RW, ANONYMOUS, -1, 0);
    CHECK((long)a > 0 && (long)b > 0 && a != b);
    CHECK_EQUAL(a[9999], 0);
    memset(a, 1, 3 * PAGE_SIZE);
    CHECK_EQUAL(b[0], 0);
    CHECK_EQUAL(CALL(munmap, a + PAGE_SIZE, PAGE_SIZE), 0); // the middle
    CHECK_EQUAL(a[0], 1);
    CHECK_EQUAL(a[2 * PAGE_SIZE], 1);
    CHECK_EQUAL(CALL(munmap, a, 3 * PAGE_SIZE), 0); // a hole is no error
    CHECK_EQUAL(CALL(mprotect, a, PAGE_SIZE, RW), -ENOMEM);
}

static void mremap_grows_in_place_or_moves(void) {
    char *a = (char *)CALL(mmap2, 0, PAGE_SIZE, RW, ANONYMOUS, -1, 0);
    memset(a, 5, PAGE_SIZE);
    CHECK_EQUAL(CALL(mremap, a, PAGE_SIZE, 4 * PAGE_SIZE, 0), (long)a);
    CHECK_EQUAL(a[0] == 5 && a[PAGE_SIZE] == 0, 1);
    char *b = (char *)CALL(mmap2, 0, PAGE_SIZE, RW, ANONYMOUS, -1, 0);
    CHECK_EQUAL(CALL(mremap, a, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0), -ENOMEM);
    char *c = (char *)CALL(mremap, a, 4 * PAGE_SIZE, 8 * PAGE_SIZE, LINUX_MREMAP_MAYMOVE);
    CHECK((long)c > 0 && c != a && c[0] == 5);
    CHECK_EQUAL(CALL(mremap, c, 8 * PAGE_SIZE, PAGE_SIZE, 0), (long)c);
    CHECK_EQUAL(CALL(mremap, a, PAGE_SIZE, 2 * PAGE_SIZE, 0), -EFAULT); // gone
    CHECK_EQUAL(CALL(munmap, b, PAGE_SIZE), 0);
}

static void fixed_mappings_replace_only_the_programs_pages(void) {
    char *a = (char *)CALL(mmap2, 0, 2 * PAGE_SIZE, RW, ANONYMOUS, -1, 0);
    memset(a, 5, 2 * PAGE_SIZE);
    CHECK_EQUAL(CALL(mmap2, a, PAGE_SIZE, RW, ANONYMOUS | LINUX_MAP_FIXED, -1, 0), (long)a);
    CHECK_EQUAL(a[0] == 0 && a[PAGE_SIZE] == 5, 1);
    int no_replace = ANONYMOUS | LINUX_MAP_FIXED_NOREPLACE;
    CHECK_EQUAL(CALL(mmap2, a, PAGE_SIZE, RW, no_replace, -1, 0), -EEXIST);
    void *kernel = pages_alloc(1, 0);
    CHECK_EQUAL(CALL(mmap2, kernel, PAGE_SIZE, RW, ANONYMOUS | LINUX_MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_EQUAL(CALL(munmap, kernel, PAGE_SIZE), 0); // not the program's: left alone
    CHECK_EQUAL(page_owner((uintptr_t)kernel), PAGE_KERNEL);
    CHECK_EQUAL(CALL(mremap, kernel, PAGE_SIZE, 2 * PAGE_SIZE, LINUX_MREMAP_MAYMOVE), -EFAULT);
    CHECK_EQUAL(CALL(mremap, a, 64 * PAGE_SIZE, PAGE_SIZE, 0), -EFAULT); // more than is mapped
}

static void brk_moves_within_its_room(void) {
    char *start = (char *)CALL(brk, 0);
    CHECK_EQUAL(CALL(brk, start + 5000), (long)(start + 5000));
    memset(start, 9, 5000);
    CHECK_EQUAL(CALL(brk, start + 100), (long)(start + 100));
    CHECK_EQUAL(CALL(brk, start + 9000), (long)(start + 9000));
    CHECK_EQUAL(start[4096], 0); // what was given back comes again as zeros
    CHECK_EQUAL(CALL(brk, start + (1ul << 30)), (long)(start + 9000));
}

static void wrong_arguments_answer_as_on_linux(void) {
    char *a = (char *)CALL(mmap2, 0, PAGE_SIZE, RW, ANONYMOUS, -1, 0);
    long at = (long)a;
    const struct row rows[] = {
        {"mmap of nothing", NR_mmap2, {0, 0, RW, ANONYMOUS, -1, 0}, -EINVAL},
        {"mmap without kind", NR_mmap2, {0, 1, RW, LINUX_MAP_ANONYMOUS, -1, 0}, -EINVAL},
        {"mmap with odd protection", NR_mmap2, {0, 1, 0x800, ANONYMOUS, -1, 0}, -EINVAL},
        {"mmap of no file", NR_mmap2, {0, 1, RW, LINUX_MAP_PRIVATE, 40, 0}, -EBADF},
        {"mmap of too much", NR_mmap2, {0, 1l << 40, RW, ANONYMOUS, -1, 0}, -ENOMEM},
        {"munmap unaligned", NR_munmap, {at + 1, 1}, -EINVAL},
        {"munmap of nothing", NR_munmap, {at, 0}, -EINVAL},
        {"mremap unaligned", NR_mremap, {at + 1, PAGE_SIZE, PAGE_SIZE, 0}, -EINVAL},
        {"mremap to nothing", NR_mremap, {at, PAGE_SIZE, 0, 0}, -EINVAL},
        {"mremap fixed without maymove",
         NR_mremap,
         {at, 4096, 4096, LINUX_MREMAP_FIXED, 0},
         -EINVAL},
        {"madvise unknown", NR_madvise, {at, PAGE_SIZE, 99}, -EINVAL},
        {"madvise dontneed", NR_madvise, {at, PAGE_SIZE, LINUX_MADV_DONTNEED}, 0},
        {"msync both", NR_msync, {at, PAGE_SIZE, LINUX_MS_ASYNC | LINUX_MS_SYNC}, -EINVAL},
        {"msync", NR_msync, {at, PAGE_SIZE, LINUX_MS_SYNC}, 0},
        {"mprotect unaligned", NR_mprotect, {at + 1, PAGE_SIZE, RW}, -EINVAL},
        {"mlock", NR_mlock, {at, PAGE_SIZE}, 0},
        {"mlockall of nothing", NR_mlockall, {0}, -EINVAL},
    };
    RUN_ROWS(rows);
}

static void running_out_of_memory_is_an_answer(void) {
    memory_limit(256);
    long last = 0;
    for (int i = 0; i < 200 && last >= 0; i++)
        last = CALL(mmap2, 0, 16 * PAGE_SIZE, RW, ANONYMOUS, -1, 0);
    CHECK_EQUAL(last, -ENOMEM);
    CHECK_EQUAL((uintptr_t)kmalloc(1u << 20), 0);
    memory_limit(0);
}

// A thousand random maps, moves and unmaps: every byte is where the model says, nothing is lost.
static void random_mappings_keep_their_bytes(void) {
    enum { SLOTS = 40, ROUNDS = 4000 };
    static struct {
        unsigned char *at;
        size_t pages;
        unsigned char tag;
    } slots[SLOTS];
    uint32_t random = 12345;
    size_t before = pages_in_use();
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        size_t slot = random >> 8 & 31, pages = (random >> 16 & 63) + 1;
        unsigned char tag = (unsigned char)round;
        if (!slots[slot].at) {
            long at = CALL(mmap2, 0, pages * PAGE_SIZE, RW, ANONYMOUS, -1, 0);
            CHECK(at > 0);
            slots[slot].at = (unsigned char *)at;
            for (size_t i = 0; i < pages; i++)
                CHECK_EQUAL(slots[slot].at[i * PAGE_SIZE], 0);
        } else if (random & 64) {
            long at = CALL(mremap, slots[slot].at, slots[slot].pages * PAGE_SIZE, pages * PAGE_SIZE,
                           LINUX_MREMAP_MAYMOVE);
            CHECK(at > 0);
            slots[slot].at = (unsigned char *)at;
            size_t kept = pages < slots[slot].pages ? pages : slots[slot].pages;
            for (size_t i = 0; i < pages; i++)
                CHECK_EQUAL(slots[slot].at[i * PAGE_SIZE + 9], i < kept ? slots[slot].tag : 0);
        } else {
            CHECK_EQUAL(CALL(munmap, slots[slot].at, slots[slot].pages * PAGE_SIZE), 0);
            slots[slot].at = NULL;
            continue;
        }
        memset(slots[slot].at, tag, pages * PAGE_SIZE);
        slots[slot].pages = pages;
        slots[slot].tag = tag;
    }
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].at)
            CHECK_EQUAL(CALL(munmap, slots[i].at, slots[i].pages * PAGE_SIZE), 0);
    CHECK_EQUAL(pages_in_use(), before);
}

int main(void) {
    RUN(random_mappings_keep_their_bytes);
    RUN(pages_are_first_fit_from_below);
    RUN(reused_pages_are_zeroed_on_request);
    RUN(scrub_zeroes_free_pages_and_free_objects);
    RUN(objects_of_every_size_hold_their_bytes);
    RUN(anonymous_mappings_are_zero_and_independent);
    RUN(mremap_grows_in_place_or_moves);
    RUN(fixed_mappings_replace_only_the_programs_pages);
    RUN(brk_moves_within_its_room);
    RUN(wrong_arguments_answer_as_on_linux);
    RUN(running_out_of_memory_is_an_answer);
    return finish();
}
