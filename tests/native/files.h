// Shortcuts of the programs that check the file system: system calls as C functions, on paths.
//
// They go straight to the kernel's functions: no signal is delivered behind a call.
#ifndef TESTS_NATIVE_FILES_H
#define TESTS_NATIVE_FILES_H

#include "check.h"
#include "sys/attributes.h"
#include "sys/descriptors.h"
#include "sys/names.h"
#include "sys/open.h"
#include "sys/read_write.h"
#include "sys/rename.h"
#include "task/process.h"
#include "task/task.h"

#include <string.h>

#define MAYBE static __attribute__((unused))

MAYBE long open_as(const char *path, uint32_t flags, uint32_t mode) {
    return sys_openat(AT_FDCWD, path, (int)flags, mode);
}

MAYBE long opened(const char *path, uint32_t flags) {
    return open_as(path, flags, 0644);
}

// Whether it can be opened so: 0, or -errno.
MAYBE long may_open(const char *path, uint32_t flags) {
    long fd = opened(path, flags);
    return fd < 0 ? fd : sys_close((int)fd);
}

MAYBE long put(const char *path, const char *text) {
    long fd = opened(path, O_WRONLY | O_CREAT | O_TRUNC);
    long result = fd < 0 ? fd : sys_write((int)fd, text, strlen(text));
    if (fd >= 0)
        sys_close((int)fd);
    return result < 0 ? result : 0;
}

// Whether the file holds exactly this text.
MAYBE int holds(const char *path, const char *text) {
    char buffer[256] = {0};
    long fd = opened(path, O_RDONLY);
    long got = fd < 0 ? fd : sys_read((int)fd, buffer, sizeof buffer - 1);
    if (fd >= 0)
        sys_close((int)fd);
    return got == (long)strlen(text) && strcmp(buffer, text) == 0;
}

MAYBE long make_folder(const char *path) {
    return sys_mkdirat(AT_FDCWD, path, 0755);
}

MAYBE long make_link(const char *target, const char *path) {
    return sys_symlinkat(target, AT_FDCWD, path);
}

MAYBE long hard_link(const char *old, const char *path) {
    return sys_linkat(AT_FDCWD, old, AT_FDCWD, path, 0);
}

MAYBE long remove_name(const char *path) {
    return sys_unlinkat(AT_FDCWD, path, 0);
}

MAYBE long remove_folder(const char *path) {
    return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

MAYBE long rename_as(const char *old, const char *path, unsigned flags) {
    return sys_renameat2(AT_FDCWD, old, AT_FDCWD, path, flags);
}

MAYBE long move_name(const char *old, const char *path) {
    return rename_as(old, path, 0);
}

MAYBE struct linux_statx stat_of(const char *path) {
    struct linux_statx stat = {0};
    CHECK_EQUAL(sys_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat), 0);
    return stat;
}

MAYBE long there(const char *path) {
    struct linux_statx stat;
    return sys_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat);
}

MAYBE struct linux_statx stat_fd(long fd) {
    struct linux_statx stat = {0};
    CHECK_EQUAL(sys_statx((int)fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat), 0);
    return stat;
}

MAYBE void become(uint32_t uid, uint32_t gid) {
    current->process->credentials.ruid = current->process->credentials.euid =
        current->process->credentials.fsuid = uid;
    current->process->credentials.rgid = current->process->credentials.egid =
        current->process->credentials.fsgid = gid;
    current->process->credentials.group_count = 0;
}

#endif
