// What a file is, who may use it: statx, chmod, chown, utimensat, access, statfs.
#ifndef KERNEL_SYS_ATTRIBUTES_H
#define KERNEL_SYS_ATTRIBUTES_H

#include <boxer/linux_file.h>
#include <boxer/linux_time.h>

#include <stddef.h>
#include <stdint.h>

long sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct linux_statx *);
long sys_statfs64(const char *path, size_t size, struct linux_statfs64 *);
long sys_fstatfs64(int fd, size_t size, struct linux_statfs64 *);
long sys_faccessat2(int dirfd, const char *path, int mode, int flags);
long sys_fchmod(int fd, uint32_t mode);
long sys_fchmodat2(int dirfd, const char *path, uint32_t mode, int flags);
long sys_fchown(int fd, uint32_t uid, uint32_t gid);
long sys_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags);
long sys_utimensat(int dirfd, const char *path, const struct linux_timespec *times, int flags);
long sys_umask(uint32_t mask);

#endif
