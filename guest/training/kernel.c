// The kernel of a machine that is trained: as little of Linux as CPython needs to start and
// compute.
//
// Belongs here: memory, one read-only file, what a program says, a clock and random numbers that
// are always the same. Does not: what a box has (guest/kernel), of which a profile must not depend.
//
// Invariants
// 1. It imports nothing, so that a run is a function of the machine's memory alone, and two runs
//    count the same.
// 2. A program ends in a trap, with its status in `training`.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "training.h"

enum { PAGE = 65536, FIRST_FILE = 3, FILES = 16, FREE_RANGES = 4096, SAID = 65536 };
static const char ARCHIVE[] = TRAINING_ARCHIVE; // the recipe says where the standard library is

struct training training = {.status = TRAINING_RUNS};
uintptr_t boxer_thread_pointer; // of the one thread there is

// As boxer/kernel.h.
unsigned kernel_life(void);
void kernel_watch_pause(int more);

unsigned kernel_life(void) {
    return 0;
}

void kernel_watch_pause(int more) {
    (void)more;
}

__attribute__((export_name("training_place"))) struct training *training_place(void) {
    return &training;
}

// Memory: what is given back is kept in one list, first fit, and cleared when it is given again.
static struct range {
    uintptr_t start;
    size_t size;
} ranges[FREE_RANGES];
static size_t range_count;
static uintptr_t top; // of what was ever given

static void *grow(size_t size) {
    if (!top)
        top = training.archive_end;
    uintptr_t start = (top + PAGE - 1) & -(uintptr_t)PAGE;
    uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;
    size_t lack = start + size > have ? start + size - have : 0;
    if (lack && __builtin_wasm_memory_grow(0, (lack + PAGE - 1) / PAGE) == (size_t)-1)
        return NULL;
    top = start + size;
    return (void *)start;
}

static long map(size_t size, int flags) {
    if (!(flags & MAP_ANONYMOUS) || flags & MAP_FIXED)
        return -ENODEV;
    size = (size + PAGE - 1) & -(size_t)PAGE;
    for (size_t i = 0; i < range_count; i++) {
        struct range *range = &ranges[i];
        if (range->size < size)
            continue;
        void *start = (void *)range->start;
        range->start += size;
        range->size -= size;
        if (!range->size)
            *range = ranges[--range_count];
        return (long)(uintptr_t)memset(start, 0, size);
    }
    void *start = grow(size);
    return start ? (long)(uintptr_t)start : -ENOMEM;
}

static long unmap(uintptr_t start, size_t size) {
    size = (size + PAGE - 1) & -(size_t)PAGE;
    for (size_t i = 0; i < range_count; i++)
        if (ranges[i].start + ranges[i].size == start) {
            ranges[i].size += size;
            return 0;
        }
    if (range_count < FREE_RANGES)
        ranges[range_count++] = (struct range){start, size};
    return 0;
}

// Files: the archive, as often open as need be.
static struct file {
    int open;
    size_t position;
} files[FILES];

static size_t archive_size(void) {
    return training.archive_end - training.archive;
}

static struct file *file_of(long number) {
    long index = number - FIRST_FILE;
    return index >= 0 && index < FILES && files[index].open ? &files[index] : NULL;
}

static long open_file(const char *path) {
    if (strcmp(path, ARCHIVE) != 0)
        return -ENOENT;
    for (int i = 0; i < FILES; i++)
        if (!files[i].open) {
            files[i] = (struct file){.open = 1};
            return FIRST_FILE + i;
        }
    return -EMFILE;
}

static long read_file(struct file *file, void *buffer, size_t size) {
    size_t left = archive_size() - file->position;
    if (size > left)
        size = left;
    memcpy(buffer, (char *)(uintptr_t)training.archive + file->position, size);
    file->position += size;
    return (long)size;
}

static long read_vector(struct file *file, const struct iovec *vector, long count) {
    long total = 0;
    for (long i = 0; i < count; i++)
        total += read_file(file, vector[i].iov_base, vector[i].iov_len);
    return total;
}

static long seek(struct file *file, long offset, int64_t *result, long whence) {
    size_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->position : archive_size();
    if (from + (size_t)offset > archive_size())
        return -EINVAL;
    file->position = from + (size_t)offset;
    *result = (int64_t)file->position;
    return 0;
}

static long status(long directory, const char *path, struct statx *to) {
    int is_archive = path[0] ? strcmp(path, ARCHIVE) == 0 : !!file_of(directory);
    if (path[0] ? !is_archive : !is_archive && directory > STDERR_FILENO)
        return -ENOENT;
    *to = (struct statx){
        .stx_mask = STATX_BASIC_STATS,
        .stx_nlink = 1,
        .stx_blksize = PAGE,
        .stx_ino = 1,
        .stx_mode = is_archive ? S_IFREG | 0444 : S_IFCHR | 0666,
        .stx_size = is_archive ? archive_size() : 0,
    };
    return 0;
}

// What the program says: its end is kept.
static char said[SAID];

static void say(const char *text, size_t size) {
    static size_t place;
    for (size_t i = 0; i < size; i++) {
        if (place == SAID) {
            place = SAID / 2;
            memcpy(said, said + place, SAID - place);
        }
        said[place++] = text[i];
    }
    training.said = (uint32_t)(uintptr_t)said;
    training.said_end = (uint32_t)(uintptr_t)(said + place);
}

static long say_vector(const struct iovec *vector, long count) {
    long total = 0;
    for (long i = 0; i < count; i++) {
        say(vector[i].iov_base, vector[i].iov_len);
        total += (long)vector[i].iov_len;
    }
    return total;
}

// Every look at the clock takes a microsecond.
static long tell_time(struct timespec *to) {
    static int64_t microseconds;
    microseconds++;
    *to = (struct timespec){.tv_sec = microseconds / 1000000,
                            .tv_nsec = (long)(microseconds % 1000000) * 1000};
    return 0;
}

static long give_random(unsigned char *to, size_t size) {
    static uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223;
        to[i] = (unsigned char)(state >> 24);
    }
    return (long)size;
}

static long of_file(long n, long a, long b, long c, long d, long e) {
    struct file *file = file_of(a);
    if (!file)
        return n == SYS_writev && a >= 0 ? say_vector((void *)b, c) : -EBADF;
    switch (n) {
    case SYS_close:
        file->open = 0;
        return 0;
    case SYS_read:
        return read_file(file, (void *)b, (size_t)c);
    case SYS_readv:
        return read_vector(file, (void *)b, c);
    case SYS__llseek:
        return seek(file, c, (void *)d, e);
    default:
        return -EBADF;
    }
}

long boxer_syscall(long n, long a, long b, long c, long d, long e, long f) {
    (void)f;
    switch (n) {
    case SYS_mmap2:
        return map((size_t)b, (int)d);
    case SYS_munmap:
        return unmap((uintptr_t)a, (size_t)b);
    case SYS_madvise:
    case SYS_rt_sigaction:
    case SYS_rt_sigprocmask:
    case SYS_set_tid_address:
        return 0;
    case SYS_openat:
        return open_file((char *)b);
    case SYS_statx:
        return status(a, (char *)b, (void *)e);
    case SYS_write:
        say((char *)b, (size_t)c);
        return c;
    case SYS_close:
    case SYS_read:
    case SYS_readv:
    case SYS_writev:
    case SYS__llseek:
        return of_file(n, a, b, c, d, e);
    case SYS_fcntl64:
        return file_of(a) || (a >= 0 && a < FIRST_FILE) ? 0 : -EBADF;
    case SYS_ioctl:
        return -ENOTTY;
    case SYS_clock_gettime64:
        return tell_time((void *)b);
    case SYS_clock_getres_time64:
        *(struct timespec *)b = (struct timespec){.tv_nsec = 1000};
        return 0;
    case SYS_getrandom:
        return give_random((void *)a, (size_t)b);
    case SYS_uname:
        memset((void *)a, 0, sizeof(struct utsname));
        return 0;
    case SYS_getcwd:
        memcpy((void *)a, "/", 2);
        return 2;
    case SYS_getpid:
    case SYS_gettid:
        return 1;
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
        return 0;
    case SYS_exit:
    case SYS_exit_group:
        training.status = (int32_t)a;
        __builtin_trap();
    default:
        return -ENOSYS;
    }
}
