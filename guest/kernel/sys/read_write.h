// read(2), write(2) and their relatives.
#ifndef KERNEL_SYS_READ_WRITE_H
#define KERNEL_SYS_READ_WRITE_H

#include <boxer/linux_iovec.h>

#include <stddef.h>
#include <stdint.h>

long sys_read(int fd, void *buffer, size_t size);
long sys_write(int fd, const void *buffer, size_t size);
long sys_readv(int fd, const struct linux_iovec *, int count);
long sys_writev(int fd, const struct linux_iovec *, int count);
long sys_pread64(int fd, void *buffer, size_t size, int64_t offset);
long sys_pwrite64(int fd, const void *buffer, size_t size, int64_t offset);
long sys_preadv2(int fd, const struct linux_iovec *, int count, int64_t offset, int flags);
long sys_pwritev2(int fd, const struct linux_iovec *, int count, int64_t offset, int flags);
long sys_lseek64(int fd, int64_t offset, int64_t *result, int whence);

#endif
