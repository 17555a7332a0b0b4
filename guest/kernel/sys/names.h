// Making and removing names: mkdir, mknod, link, unlink, rmdir, symlink, readlink.
#ifndef KERNEL_SYS_NAMES_H
#define KERNEL_SYS_NAMES_H

#include <stddef.h>
#include <stdint.h>

long sys_mkdirat(int dirfd, const char *path, uint32_t mode);
long sys_mknodat(int dirfd, const char *path, uint32_t mode, uint32_t dev);
long sys_linkat(int old_dirfd, const char *old, int dirfd, const char *path, int flags);
long sys_unlinkat(int dirfd, const char *path, int flags);
long sys_symlinkat(const char *target, int dirfd, const char *path);
long sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size);

#endif
