// Which functions a program finds by their names (`ctypes.CDLL(None)`, `ctypes.pythonapi`).
//
// Nothing of a box's code can be found by name at run time, so the names stand here: what programs
// ask for of libc, libm and Python's C API. A name that is not here is unknown to a program, as it
// is where an older libc lacks it, and what programs do then is their own affair. Not here on
// purpose: `syscall`, since the numbers that programs give it are those of another processor, and
// what takes a callback for later (`signal`, `atexit`), and what the kernel does not serve
// (`inotify_init`): programs that miss it do without.
//
// Invariant: each type is the function's own; the compiler compares it with the header's.
#include "exported.h"

#include <Python.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <frameobject.h>
#include <grp.h>
#include <ifaddrs.h>
#include <locale.h>
#include <math.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// As a program finds them, those that Python itself would not use any more.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

typedef int compare(const void *, const void *);

// What WebAssembly cannot be called with at run time (guest/ffi/call.c): numbers of 64 bits behind
// three other arguments come by address.
typedef const off_t *offset;

static ssize_t pread_at(int file, void *data, size_t size, offset at) {
    return pread(file, data, size, *at);
}

static ssize_t pwrite_at(int file, const void *data, size_t size, offset at) {
    return pwrite(file, data, size, *at);
}

static int fallocate_at(int file, int mode, offset at, offset size) {
    return fallocate(file, mode, *at, *size);
}

static int posix_fadvise_at(int file, offset at, offset size, int advice) {
    return posix_fadvise(file, *at, *size, advice);
}

// Memory of a box does not shrink while it runs: nothing is given back.
static int malloc_trim(size_t kept) {
    (void)kept;
    return 0;
}

static void *mmap_at(void *start, size_t size, int protection, int flags, int file, offset at) {
    return mmap(start, size, protection, flags, file, *at);
}

#define KIND(type)                                                                                 \
    _Generic((type *)0,                                                                            \
        void *: 'v',                                                                               \
        int *: 'i',                                                                                \
        long *: 'i',                                                                               \
        long long *: 'q',                                                                          \
        unsigned long long *: 'q',                                                                 \
        double *: 'd',                                                                             \
        float *: 'f',                                                                              \
        offset *: 'a',                                                                             \
        compare **: 'c',                                                                           \
        PyCapsule_Destructor *: 'n',                                                               \
        default: 'u')
#define KINDS_1(a) KIND(a)
#define KINDS_2(a, ...) KIND(a), KINDS_1(__VA_ARGS__)
#define KINDS_3(a, ...) KIND(a), KINDS_2(__VA_ARGS__)
#define KINDS_4(a, ...) KIND(a), KINDS_3(__VA_ARGS__)
#define KINDS_5(a, ...) KIND(a), KINDS_4(__VA_ARGS__)
#define KINDS_6(a, ...) KIND(a), KINDS_5(__VA_ARGS__)
#define PICK(_1, _2, _3, _4, _5, _6, kinds, ...) kinds
#define KINDS(...)                                                                                 \
    PICK(__VA_ARGS__, KINDS_6, KINDS_5, KINDS_4, KINDS_3, KINDS_2, KINDS_1, )(__VA_ARGS__)

// As an entry of the table; an error of the compiler where the function is of another type.
#define POINTER(function, ...) _Generic(function, __VA_ARGS__: (void (*)(void))function)
#define NAMED(name, function, result, ...)                                                         \
    {name, POINTER(function, result (*)(__VA_ARGS__)), {KIND(result), KINDS(__VA_ARGS__)}},
#define F(result, name, ...) NAMED(#name, name, result, __VA_ARGS__)
#define NONE(result, name) {#name, POINTER(name, result (*)(void)), {KIND(result)}},
#define MORE(result, name, ...)                                                                    \
    {#name, POINTER(name, result (*)(__VA_ARGS__, ...)), {KIND(result), KINDS(__VA_ARGS__), '.'}},
#define VARIABLE(name) {#name, (void (*)(void)) & name, {0}},

static const struct exported libc[] = {
#include "exported_libc.h"
};
static const struct exported python[] = {
#include "exported_python.h"
};

enum { LIBC = sizeof libc / sizeof *libc, PYTHON = sizeof python / sizeof *python };

const struct exported *exported_of_name(const char *name) {
    const struct exported *table = strncmp(name, "Py", 2) ? libc : python;
    for (unsigned i = 0; i < (table == libc ? LIBC : PYTHON); i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}

const struct exported *exported_of_address(void (*address)(void)) {
    for (unsigned i = 0; i < LIBC; i++)
        if (libc[i].address == address)
            return &libc[i];
    for (unsigned i = 0; i < PYTHON; i++)
        if (python[i].address == address)
            return &python[i];
    return NULL;
}

int exported_by_python(const struct exported *named) {
    return named >= python && named < python + PYTHON;
}
