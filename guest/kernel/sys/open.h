// open(2), openat2(2), memfd_create(2).
#ifndef KERNEL_SYS_OPEN_H
#define KERNEL_SYS_OPEN_H

#include <boxer/linux_file.h>

#include <stddef.h>
#include <stdint.h>

long sys_openat(int dirfd, const char *path, int flags, uint32_t mode);
long sys_openat2(int dirfd, const char *path, const struct linux_open_how *, size_t size);
long sys_memfd_create(const char *name, unsigned flags);

#endif
