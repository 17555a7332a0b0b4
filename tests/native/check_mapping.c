// vfs/mapping.c over tmpfs: MAP_SHARED of files.
#include "check.h"
#include "mm/memory.h"
#include "vfs/inode.h"

#include <boxer/linux_mman.h>
#include <string.h>

enum { RW = LINUX_PROT_READ | LINUX_PROT_WRITE, SHARED = LINUX_MAP_SHARED };

static long fd;

static void make_file(const char *path, size_t size) {
    CALL(mkdirat, AT_FDCWD, "/tmp", 0777);
    fd = CALL(openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    CHECK_EQUAL(CALL(ftruncate64, fd, size, 0), 0);
}

static char *map(size_t size, size_t offset) {
    long at = CALL(mmap2, 0, size, RW, SHARED, fd, offset / PAGE_SIZE);
    CHECK(at > 0);
    return (char *)at;
}

static char byte_of_file(size_t pos) {
    char byte = 0x7f;
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, pos, 0), 1);
    return byte;
}

static void what_is_written_on_one_side_is_seen_on_the_other(void) {
    make_file("/tmp/a", 10000);
    CALL(pwrite64, fd, "before", 6, 5000, 0);
    char *at = map(10000, 0);
    CHECK_EQUAL(memcmp(at + 5000, "before", 6), 0);
    at[9999] = 'x';
    CHECK_EQUAL(byte_of_file(9999), 'x');
    CALL(pwrite64, fd, "y", 1, 1, 0);
    CHECK_EQUAL(at[1], 'y');
    CHECK_EQUAL(CALL(msync, at, 10000, LINUX_MS_SYNC), 0);
    CHECK_EQUAL(CALL(munmap, at, 10000), 0);
    CHECK_EQUAL(byte_of_file(9999), 'x');
    CALL(pwrite64, fd, "z", 1, 2, 0);
    CHECK_EQUAL(byte_of_file(1), 'y');
}

static void nothing_is_lost_when_all_is_unmapped_and_closed(void) {
    make_file("/tmp/gone", 1);
    CALL(close, fd);
    size_t before = pages_in_use();
    uint64_t accounted = fs_usage.pages;
    for (int round = 0; round < 3; round++) {
        make_file("/tmp/b", 5 * PAGE_SIZE);
        char *at = map(5 * PAGE_SIZE, 0);
        memset(at, 1, 5 * PAGE_SIZE);
        CALL(close, fd); // the mapping keeps the file
        CALL(unlinkat, AT_FDCWD, "/tmp/b", 0);
        at[0] = 2;
        CHECK_EQUAL(CALL(munmap, at + 2 * PAGE_SIZE, PAGE_SIZE), 0); // split
        at[4 * PAGE_SIZE] = 3;
        CHECK_EQUAL(CALL(munmap, at, 5 * PAGE_SIZE), 0);
    }
    pages_scrub();
    CHECK(pages_in_use() <= before + 1);
    CHECK_EQUAL(fs_usage.pages, accounted);
}

static void the_same_part_twice_is_one_memory(void) {
    make_file("/tmp/c", 3 * PAGE_SIZE);
    char *a = map(3 * PAGE_SIZE, 0), *b = map(3 * PAGE_SIZE, 0);
    a[0] = 'q';
    CHECK_EQUAL(b[0], 'q');
    CHECK_EQUAL(CALL(munmap, a, 3 * PAGE_SIZE), 0);
    b[1] = 'r';
    CHECK_EQUAL(byte_of_file(1), 'r');
    char *tail = map(PAGE_SIZE, 2 * PAGE_SIZE); // inside the other
    tail[5] = 's';
    CHECK_EQUAL(b[2 * PAGE_SIZE + 5], 's');
    CHECK_EQUAL(CALL(munmap, b, 3 * PAGE_SIZE), 0);
    tail[6] = 't';
    CHECK_EQUAL(byte_of_file(2 * PAGE_SIZE + 6), 't');
    CHECK_EQUAL(CALL(munmap, tail, PAGE_SIZE), 0);
    CHECK_EQUAL(byte_of_file(2 * PAGE_SIZE + 5), 's');
}

static void truncating_a_mapped_file_leaves_the_memory(void) {
    make_file("/tmp/d", 3 * PAGE_SIZE);
    char *at = map(3 * PAGE_SIZE, 0);
    memset(at, 7, 3 * PAGE_SIZE);
    CHECK_EQUAL(CALL(ftruncate64, fd, 100, 0), 0);
    CHECK_EQUAL(at[99] == 7 && at[100] == 0 && at[2 * PAGE_SIZE] == 0, 1);
    void *other = pages_alloc(4, 0); // must not get a page the program still sees
    memset(other, 9, 4 * PAGE_SIZE);
    CHECK_EQUAL(at[PAGE_SIZE], 0);
    CHECK_EQUAL(CALL(ftruncate64, fd, 3 * PAGE_SIZE, 0), 0);
    CALL(pwrite64, fd, "back", 4, 2 * PAGE_SIZE, 0);
    CHECK_EQUAL(memcmp(at + 2 * PAGE_SIZE, "back", 4), 0);
    at[PAGE_SIZE] = 'm'; // a hole that the mapping holds
    CALL(munmap, at, 3 * PAGE_SIZE);
    CHECK_EQUAL(byte_of_file(2 * PAGE_SIZE), 'b');
}

static void what_lies_behind_the_end_is_not_the_files(void) {
    make_file("/tmp/e", 10);
    char *at = map(2 * PAGE_SIZE, 0);
    at[10] = 'j';
    at[PAGE_SIZE] = 'k';
    CALL(munmap, at, 2 * PAGE_SIZE);
    CALL(ftruncate64, fd, 2 * PAGE_SIZE, 0);
    CHECK_EQUAL(byte_of_file(10), 0);
    CHECK_EQUAL(byte_of_file(PAGE_SIZE), 0);
}

static void a_longer_mapping_follows_a_growing_file(void) {
    make_file("/tmp/f", PAGE_SIZE);
    char *at = map(PAGE_SIZE, 0);
    at[0] = 'a';
    CALL(ftruncate64, fd, 4 * PAGE_SIZE, 0);
    void *wall = pages_alloc(1, 0); // whether or not it is in the way
    long moved = CALL(mremap, at, PAGE_SIZE, 4 * PAGE_SIZE, LINUX_MREMAP_MAYMOVE);
    CHECK(moved > 0);
    at = (char *)moved;
    CHECK_EQUAL(at[0], 'a');
    at[3 * PAGE_SIZE] = 'd';
    CHECK_EQUAL(byte_of_file(3 * PAGE_SIZE), 'd');
    CHECK_EQUAL(byte_of_file(0), 'a');
    pages_free(wall, 1);
    CHECK_EQUAL(CALL(mremap, at, 4 * PAGE_SIZE, PAGE_SIZE, 0), (long)at);
    CHECK_EQUAL(byte_of_file(3 * PAGE_SIZE), 'd');
    at[1] = 'b';
    CHECK_EQUAL(byte_of_file(1), 'b');
    CALL(munmap, at, PAGE_SIZE);
    CHECK_EQUAL(byte_of_file(1), 'b');
}

static void private_mappings_are_copies(void) {
    make_file("/tmp/g", 100);
    CALL(pwrite64, fd, "mine", 4, 0, 0);
    char *at = (char *)CALL(mmap2, 0, 8192, RW, LINUX_MAP_PRIVATE, fd, 0);
    at[0] = 'M';
    CHECK_EQUAL(byte_of_file(0), 'm');
    CHECK_EQUAL(at[3] == 'e' && at[100] == 0 && at[8191] == 0, 1);
    CALL(munmap, at, 8192);
}

static void access_is_checked(void) {
    make_file("/tmp/h", 100);
    CALL(close, fd);
    long reader = CALL(openat, AT_FDCWD, "/tmp/h", O_RDONLY, 0);
    long writer = CALL(openat, AT_FDCWD, "/tmp/h", O_WRONLY, 0);
    long folder = CALL(openat, AT_FDCWD, "/tmp", O_RDONLY | O_DIRECTORY, 0);
    long null = CALL(openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    long zero = CALL(openat, AT_FDCWD, "/dev/zero", O_RDWR, 0);
    const struct row rows[] = {
        {"write through a reader", NR_mmap2, {0, 1, RW, SHARED, reader}, -EACCES},
        {"read through a writer", NR_mmap2, {0, 1, 1, SHARED, writer}, -EACCES},
        {"private of a writer", NR_mmap2, {0, 1, 1, LINUX_MAP_PRIVATE, writer}, -EACCES},
        {"a folder", NR_mmap2, {0, 1, 1, SHARED, folder}, -ENODEV},
        {"/dev/null", NR_mmap2, {0, 1, 1, SHARED, null}, -ENODEV},
        {"stdin", NR_mmap2, {0, 1, 1, SHARED, 0}, -ENODEV},
    };
    RUN_ROWS(rows);
    char *at = (char *)CALL(mmap2, 0, 5000, RW, SHARED, zero, 0);
    CHECK(at && at[4999] == 0);
    at[0] = 1;
    CHECK_EQUAL(CALL(munmap, at, 5000), 0);
}

int main(void) {
    RUN(what_is_written_on_one_side_is_seen_on_the_other);
    RUN(nothing_is_lost_when_all_is_unmapped_and_closed);
    RUN(the_same_part_twice_is_one_memory);
    RUN(truncating_a_mapped_file_leaves_the_memory);
    RUN(what_lies_behind_the_end_is_not_the_files);
    RUN(a_longer_mapping_follows_a_growing_file);
    RUN(private_mappings_are_copies);
    RUN(access_is_checked);
    return finish();
}
