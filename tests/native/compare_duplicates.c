// Descriptors as numbers: duplicates, flags, vectors, locks of the process: compared with the host
// (compare.h).
#include "compare.h"
#include "sys/attributes.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/read_write.h"

#include <boxer/linux_file.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

// The host's 64-bit programs do not show O_LARGEFILE.
enum { LARGE_FILE = 0100000 };

static void compare_dup(struct pair *file) {
    struct pair *other = &pairs[draw(DESCRIPTORS)];
    if (other->host < 0 || draw(8) == 0) {
        doing("dup %d", file->host);
        long kernel = sys_dup(file->kernel), host = HOST(SYS_dup, file->host);
        same("failure", kernel < 0 ? kernel : 0, host < 0 ? host : 0);
        if (other->host >= 0) {
            sys_close(other->kernel);
            HOST(SYS_close, other->host);
        }
        *other = (struct pair){(int)kernel, (int)host};
        return;
    }
    int flags = (int)ONE_OF(0, 0, O_CLOEXEC, 1);
    doing("dup3 %d %d %o", file->host, other->host, flags);
    long kernel = sys_dup3(file->kernel, other->kernel, flags);
    long host = HOST(SYS_dup3, file->host, other->host, flags);
    same("failure", kernel < 0 ? kernel : 0, host < 0 ? host : 0);
}

static void compare_status(struct pair *file) {
    int flags = (int)ONE_OF(0, O_APPEND, O_NONBLOCK, O_APPEND | O_NONBLOCK, O_NOATIME, O_CREAT);
    doing("F_SETFL %o", flags);
    if (draw(2))
        same("result", sys_fcntl(file->kernel, F_SETFL, (uintptr_t)(flags | O_NONBLOCK)),
             HOST(SYS_fcntl, file->host, F_SETFL, flags | O_NONBLOCK));
    doing("F_GETFL after %o", flags);
    same("flags", sys_fcntl(file->kernel, F_GETFL, 0) & ~LARGE_FILE,
         HOST(SYS_fcntl, file->host, F_GETFL, 0) & ~LARGE_FILE);
    doing("F_GETFD");
    same("flags", sys_fcntl(file->kernel, F_GETFD, 0), HOST(SYS_fcntl, file->host, F_GETFD, 0));
}

static void compare_vectors(struct pair *file) {
    unsigned sizes[3] = {draw(3000), draw(2), draw(5000)};
    struct linux_iovec kernel[3];
    struct iovec host[3];
    int writing = (int)draw(2), count = (int)draw(4),
        flags = (int)ONE_OF(0, 0, 0, 0, 16, 32, 48, 8, 2, 0x1000);
    int64_t offset = draw(3) ? (int64_t)draw(20000) : -1;
    memset(kernel_data, writing ? 'a' + (int)draw(20) : 0, 9000);
    memset(host_data, writing ? kernel_data[0] : 0, 9000);
    for (size_t i = 0, at = 0; i < 3; at += sizes[i++]) {
        kernel[i] = (struct linux_iovec){kernel_data + at, sizes[i]};
        host[i] = (struct iovec){host_data + at, sizes[i]};
    }
    doing("%s %u %u %u (%d) at %lld, %x", writing ? "pwritev2" : "preadv2", sizes[0], sizes[1],
          sizes[2], count, (long long)offset, flags);
    if (writing)
        same("result", sys_pwritev2(file->kernel, kernel, count, offset, flags),
             HOST(SYS_pwritev2, file->host, host, count, offset, 0, flags));
    else
        same("result", sys_preadv2(file->kernel, kernel, count, offset, flags),
             HOST(SYS_preadv2, file->host, host, count, offset, 0, flags));
    same("bytes", 0, memcmp(kernel_data, host_data, 9000));
}

// x86-64's struct flock, which the host takes.
struct host_flock {
    short type, whence;
    int64_t start, length;
    int pid;
};

static void compare_process_lock(struct pair *file) {
    int command = (int)ONE_OF(5, 6); // F_GETLK and F_SETLK of a 64-bit program
    struct linux_flock64 kernel = {.type = (int16_t)draw(4), .start = (int64_t)draw(2000) - 100};
    kernel.length = (int64_t)draw(1000) - 300;
    struct host_flock host = {kernel.type, 0, kernel.start, kernel.length, 0};
    doing("fcntl %d type %d start %lld length %lld", command, kernel.type, (long long)kernel.start,
          (long long)kernel.length);
    long result = sys_fcntl(file->kernel, command == 5 ? F_GETLK64 : F_SETLK64, (uintptr_t)&kernel);
    same("result", result, HOST(SYS_fcntl, file->host, command, &host));
    if (result || command != 5)
        return;
    same("type", kernel.type, host.type);
    if (kernel.type == F_UNLCK)
        return;
    same("start", kernel.start, host.start);
    same("length", kernel.length, host.length);
}

// Into a folder and back: names without a folder mean /w everywhere else.
static void compare_fchdir(struct pair *file) {
    doing("fchdir %d", file->host);
    same("result", sys_fchdir(file->kernel), HOST(SYS_fchdir, file->host));
    memset(kernel_data, 0, TEXT);
    memset(host_data, 0, TEXT);
    doing("getcwd after fchdir");
    same("result", sys_getcwd(kernel_data, TEXT), HOST(SYS_getcwd, host_data, TEXT));
    same("text", 0, strcmp(kernel_data, host_data));
    sys_chdir("/w");
    HOST(SYS_chdir, "/w");
}

static void compare_umask(struct pair *file) {
    uint32_t mask = (uint32_t)ONE_OF(0, 0, 022, 077, 01777);
    (void)file;
    doing("umask %o", mask);
    same("before", sys_umask(mask), HOST(SYS_umask, mask));
}

void compare_duplicates(void) {
    static void (*const calls[])(struct pair *) = {
        compare_dup,          compare_status, compare_vectors, compare_vectors,
        compare_process_lock, compare_fchdir, compare_umask};
    struct pair *file = &pairs[draw(DESCRIPTORS)];
    if (file->host >= 0)
        calls[draw(sizeof calls / sizeof *calls)](file);
}
