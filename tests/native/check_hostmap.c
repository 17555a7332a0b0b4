// vfs/mapping_copy.c over host folders: a mapping and its file are the same bytes.
#include "check.h"
#include "host_posix.h"
#include "mm/memory.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>
#include <string.h>

enum { RW = LINUX_PROT_READ | LINUX_PROT_WRITE, SHARED = LINUX_MAP_SHARED };

static long fd;
static char *at;

// A file of 10 `a`, mapped and open.
static void thaw(void) {
    host_folder();
    CHECK_EQUAL(on_host("mkdir data && printf aaaaaaaaaa > data/file"), 0);
    host_preopen("data", "/data", 0);
    kernel_thaw("/app");
    fd = CALL(openat, AT_FDCWD, "/data/file", O_RDWR, 0);
    CHECK(fd >= 0);
    long got = CALL(mmap2, 0, 10, RW, SHARED, fd, 0);
    CHECK(got > 0);
    at = (char *)got;
}

static void end(void) {
    CHECK_EQUAL(CALL(munmap, at, PAGE_SIZE), 0);
    fd_close_from(3);
    CHECK_EQUAL(host_open_descriptors, 0);
    kernel_freeze();
    host_folder_end();
}

static int file_is(const char *text) {
    char command[128] = "test \"$(cat data/file)\" = ";
    strcat(command, text);
    return on_host(command) == 0;
}

static void what_a_descriptor_writes_is_not_overwritten(void) {
    thaw();
    at[9] = 'M';
    CHECK_EQUAL(CALL(pwrite64, fd, "W", 1, 0, 0), 1);
    CHECK_EQUAL(at[0], 'W');
    CHECK_EQUAL(CALL(msync, at, PAGE_SIZE, LINUX_MS_SYNC), 0);
    CHECK(file_is("WaaaaaaaaM"));
    end();
    CHECK_EQUAL(failures, 0);
}

static void what_the_host_writes_elsewhere_stays_and_is_seen(void) {
    thaw();
    at[9] = 'M';
    CHECK_EQUAL(on_host("printf H | dd of=data/file conv=notrunc status=none"), 0);
    CHECK_EQUAL(CALL(msync, at, PAGE_SIZE, LINUX_MS_SYNC), 0);
    CHECK(file_is("HaaaaaaaaM"));
    CHECK_EQUAL(at[0], 'H');
    CHECK_EQUAL(on_host("printf K | dd of=data/file conv=notrunc status=none"), 0);
    CHECK_EQUAL(CALL(flock, fd, 1), 0); // LOCK_SH
    CHECK_EQUAL(at[0], 'K');
    end();
}

static void a_read_sees_what_the_mapping_holds(void) {
    char got[11] = {0};
    thaw();
    at[3] = 'M';
    CHECK_EQUAL(CALL(pread64, fd, got, 10, 0, 0), 10);
    CHECK_EQUAL(strcmp(got, "aaaMaaaaaa"), 0);
    at[4] = 'N';
    CHECK_EQUAL(CALL(fsync, fd), 0);
    CHECK(file_is("aaaMNaaaaa"));
    end();
}

static void all_mappings_of_a_file_are_the_same(void) {
    thaw();
    long second = CALL(openat, AT_FDCWD, "/data/file", O_RDWR, 0);
    long other = CALL(mmap2, 0, 10, LINUX_PROT_READ, SHARED, second, 0);
    CHECK(other > 0 && (char *)other != at);
    CHECK_EQUAL(CALL(pwrite64, second, "xy", 2, 4, 0), 2);
    CHECK_EQUAL(memcmp(at + 4, "xy", 2) | memcmp((char *)other + 4, "xy", 2), 0);
    CHECK_EQUAL(CALL(ftruncate64, fd, 5, 0), 0);
    CHECK_EQUAL(at[5] | ((char *)other)[5], 0);
    CHECK_EQUAL(CALL(munmap, other, PAGE_SIZE), 0);
    end();
}

int main(void) {
    RUN(what_a_descriptor_writes_is_not_overwritten);
    RUN(what_the_host_writes_elsewhere_stays_and_is_seen);
    RUN(a_read_sees_what_the_mapping_holds);
    RUN(all_mappings_of_a_file_are_the_same);
    return finish();
}
