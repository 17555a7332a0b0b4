// Opening, listing and locking: compared with the host (compare.h).
#include "compare.h"
#include "sys/attributes.h"
#include "sys/descriptors.h"
#include "sys/directories.h"
#include "sys/open.h"
#include "sys/read_write.h"
#include "sys/size.h"
#include "sys/xattr.h"

#include <boxer/linux_file.h>
#include <string.h>
#include <sys/syscall.h>

enum { NAMES = 4096 };

static void close_pair(struct pair *pair) {
    if (pair->host >= 0) {
        doing("close");
        same("result", sys_close(pair->kernel), HOST(SYS_close, pair->host));
    }
    *pair = (struct pair){-1, -1};
}

static uint32_t any_flags(void) {
    static const uint32_t flags[] = {O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH};
    uint32_t chosen = draw(3) | O_NONBLOCK | (draw(2) ? O_CREAT : 0);
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        chosen |= draw(5) ? 0 : flags[i];
    return draw(20) ? chosen : (chosen & O_ACCMODE) | O_TMPFILE;
}

static void remember(struct pair *pair, long kernel, long host) {
    same("failure", kernel < 0 ? kernel : 0, host < 0 ? host : 0);
    *pair = (struct pair){kernel < 0 ? -1 : (int)kernel, host < 0 ? -1 : (int)host};
}

void compare_opens(void) {
    struct pair *pair = &pairs[draw(DESCRIPTORS)], in = any_folder();
    uint32_t flags = any_flags(), mode = (uint32_t)ONE_OF(0644, 0600, 0666, 0777, 0);
    char path[TEXT];
    any_path(path);
    if (pair->host == in.host)
        in = (struct pair){AT_FDCWD, AT_FDCWD};
    close_pair(pair);
    if (draw(4) == 0) {
        struct linux_open_how how = {.flags = flags, .resolve = draw(32)};
        how.mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0;
        how.resolve &= draw(2) ? 31 : (unsigned)ONE_OF(1, 2, 4, 8, 16, 0);
        doing("openat2 %d %s %o %o %llx", in.host, path, flags, mode,
              (unsigned long long)how.resolve);
        long kernel = sys_openat2(in.kernel, path, &how, sizeof how);
        remember(pair, kernel, HOST(SYS_openat2, in.host, path, &how, sizeof how));
        return;
    }
    doing("openat %d %s %o %o", in.host, path, flags, mode);
    long kernel = sys_openat(in.kernel, path, (int)flags, mode);
    remember(pair, kernel, HOST(SYS_openat, in.host, path, flags, mode));
}

// How many names there are and a sum over them: the order is each file system's own.
static uint64_t sum_names(const char *buffer, long size) {
    uint64_t sum = 0;
    for (long at = 0; at < size;) {
        const struct linux_dirent64 *entry = (const void *)(buffer + at);
        uint64_t hash = entry->type;
        for (const char *name = entry->name; *name; name++)
            hash = hash * 31 + (unsigned char)*name;
        sum += hash + ((uint64_t)1 << 40);
        at += entry->reclen;
    }
    return sum;
}

// Positions within a folder are each file system's own: from the beginning both are the same.
static void rewind_folder(struct pair file) {
    struct linux_statx stat = {0};
    int64_t start = 0;
    sys_statx(file.kernel, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat);
    if (!S_ISDIR(stat.mode))
        return;
    sys_lseek64(file.kernel, 0, &start, SEEK_SET);
    HOST(SYS_lseek, file.host, 0, SEEK_SET);
}

static void compare_listing(struct pair file) {
    doing("getdents64");
    rewind_folder(file);
    long kernel = sys_getdents64(file.kernel, kernel_data, NAMES);
    long host = HOST(SYS_getdents64, file.host, host_data, NAMES);
    same("result", kernel, host);
    if (kernel > 0 && host > 0)
        same("names", (long long)sum_names(kernel_data, kernel),
             (long long)sum_names(host_data, host));
}

static void compare_flock(struct pair file) {
    int operation = (int)ONE_OF(1, 2, 8, 3, 0) | 4;
    doing("flock %d", operation);
    same("result", sys_flock(file.kernel, operation), HOST(SYS_flock, file.host, operation));
}

// x86-64's struct flock, which the host takes.
struct host_flock {
    short type, whence;
    int64_t start, length;
    int pid;
};

static void compare_record_lock(struct pair file) {
    int command = (int)ONE_OF(F_OFD_GETLK, F_OFD_SETLK);
    rewind_folder(file);
    struct linux_flock64 kernel = {.type = (int16_t)draw(4), .whence = (int16_t)draw(4)};
    kernel.start = (int64_t)draw(2000) - 200;
    kernel.length = (int64_t)draw(1000) - 300;
    struct host_flock host = {kernel.type, kernel.whence, kernel.start, kernel.length, 0};
    doing("fcntl %d type %d whence %d start %lld length %lld", command, kernel.type, kernel.whence,
          (long long)kernel.start, (long long)kernel.length);
    long result = sys_fcntl(file.kernel, command, (uintptr_t)&kernel);
    same("result", result, HOST(SYS_fcntl, file.host, command, &host));
    if (result || command != F_OFD_GETLK)
        return;
    same("type", kernel.type, host.type);
    if (kernel.type == F_UNLCK)
        return;
    same("is a description's", kernel.pid == -1, host.pid == -1);
    same("start", kernel.start, host.start);
    same("length", kernel.length, host.length);
}

static void compare_advice(struct pair file) {
    int advice = (int)draw(8);
    int64_t length = (int64_t)draw(100) - 5;
    doing("fadvise64 %lld %d", (long long)length, advice);
    same("result", sys_fadvise64(file.kernel, 0, length, advice),
         HOST(SYS_fadvise64, file.host, 0, length, advice));
    doing("fsync");
    same("result", sys_fsync(file.kernel), HOST(SYS_fsync, file.host));
}

static void compare_attribute(struct pair file) {
    static const char *const names[] = {"trusted.a", "trusted.b", "other.a", "user.", "trusted."};
    const char *name = names[draw(5)];
    unsigned size = draw(40);
    int flags = (int)draw(4);
    memset(kernel_data, 'x', size);
    doing("fsetxattr %s %u %d", name, size, flags);
    if (draw(2))
        same("result", sys_fsetxattr(file.kernel, name, kernel_data, size, flags),
             HOST(SYS_fsetxattr, file.host, name, kernel_data, size, flags));
    doing("fgetxattr %s %u", name, size);
    same("result", sys_fgetxattr(file.kernel, name, kernel_data, size),
         HOST(SYS_fgetxattr, file.host, name, host_data, size));
    doing("fremovexattr %s", name);
    if (draw(4) == 0)
        same("result", sys_fremovexattr(file.kernel, name),
             HOST(SYS_fremovexattr, file.host, name));
}

void compare_descriptors(void) {
    static void (*const calls[])(struct pair) = {
        compare_listing, compare_flock, compare_record_lock, compare_advice, compare_attribute};
    struct pair file = pairs[draw(DESCRIPTORS)];
    if (file.host >= 0)
        calls[draw(sizeof calls / sizeof *calls)](file);
}
