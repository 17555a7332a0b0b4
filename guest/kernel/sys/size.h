// How long files are and what of them is stored: truncate, fallocate, fadvise, sync.
#ifndef KERNEL_SYS_SIZE_H
#define KERNEL_SYS_SIZE_H

#include <stddef.h>
#include <stdint.h>

long sys_truncate64(const char *path, int64_t size);
long sys_ftruncate64(int fd, int64_t size);
long sys_fallocate(int fd, int mode, int64_t offset, int64_t length);
long sys_fadvise64(int fd, int64_t offset, int64_t length, int advice);
long sys_readahead(int fd, int64_t offset, size_t size);
long sys_sync(void);
long sys_fsync(int fd);
long sys_fdatasync(int fd);
long sys_syncfs(int fd);
long sys_sync_file_range(int fd, int64_t offset, int64_t length, unsigned flags);

#endif
