// System calls of the file system half; syscall_table.c is the only caller.
#ifndef KERNEL_SYSCALLS_FS_H
#define KERNEL_SYSCALLS_FS_H

#include "fs.h"

#include <boxer/linux_iovec.h>
#include <boxer/linux_time.h>
#include <stddef.h>
#include <stdint.h>

// io.c
long sys_read(int fd, void *buffer, size_t size);
long sys_write(int fd, const void *buffer, size_t size);
long sys_readv(int fd, const struct linux_iovec *, int count);
long sys_writev(int fd, const struct linux_iovec *, int count);
long sys_pread64(int fd, void *buffer, size_t size, int64_t offset);
long sys_pwrite64(int fd, const void *buffer, size_t size, int64_t offset);
long sys_preadv2(int fd, const struct linux_iovec *, int count, int64_t offset, int flags);
long sys_pwritev2(int fd, const struct linux_iovec *, int count, int64_t offset, int flags);
long sys_lseek64(int fd, int64_t offset, int64_t *result, int whence);

// copy.c
long sys_sendfile64(int out, int in, int64_t *offset, size_t size);
long sys_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                unsigned flags);
long sys_tee(int in, int out, size_t size, unsigned flags);
long sys_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                         unsigned flags);

// size.c
long sys_truncate64(const char *path, int64_t size);
long sys_ftruncate64(int fd, int64_t size);
long sys_fallocate(int fd, int mode, int64_t offset, int64_t length);
long sys_fadvise64(int fd, int64_t offset, int64_t length, int advice);
long sys_readahead(int fd, int64_t offset, size_t size);
long sys_sync(void), sys_fsync(int fd), sys_fdatasync(int fd), sys_syncfs(int fd);
long sys_sync_file_range(int fd, int64_t offset, int64_t length, unsigned flags);

// open.c, fd_calls.c
long sys_openat(int dirfd, const char *path, int flags, uint32_t mode);
long sys_openat2(int dirfd, const char *path, const struct linux_open_how *, size_t size);
long sys_memfd_create(const char *name, unsigned flags);
long sys_close(int fd);
long sys_close_range(unsigned first, unsigned last, unsigned flags);
long sys_dup(int fd);
long sys_dup3(int old, int fd, int flags);
long sys_fcntl(int fd, int command, uintptr_t argument);
long sys_ioctl(int fd, unsigned request, uintptr_t argument);
long sys_flock(int fd, int operation);
long sys_inotify_init1(int flags);
long sys_inotify_add_watch(int fd, const char *path, uint32_t mask);
long sys_inotify_rm_watch(int fd, int watch);

// names.c, rename.c, listing.c
long sys_getdents64(int fd, void *buffer, size_t size);
long sys_getcwd(char *buffer, size_t size);
long sys_chdir(const char *path), sys_fchdir(int fd), sys_chroot(const char *path);
long sys_mkdirat(int dirfd, const char *path, uint32_t mode);
long sys_mknodat(int dirfd, const char *path, uint32_t mode, uint32_t dev);
long sys_linkat(int old_dirfd, const char *old, int dirfd, const char *path, int flags);
long sys_unlinkat(int dirfd, const char *path, int flags);
long sys_symlinkat(const char *target, int dirfd, const char *path);
long sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size);
long sys_renameat2(int old_dirfd, const char *old, int dirfd, const char *path, unsigned flags);

// attributes.c
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

// xattr.c
long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
long sys_getxattr(const char *path, const char *name, void *value, size_t size);
long sys_lgetxattr(const char *path, const char *name, void *value, size_t size);
long sys_fgetxattr(int fd, const char *name, void *value, size_t size);
long sys_listxattr(const char *path, char *list, size_t size);
long sys_llistxattr(const char *path, char *list, size_t size);
long sys_flistxattr(int fd, char *list, size_t size);
long sys_removexattr(const char *path, const char *name);
long sys_lremovexattr(const char *path, const char *name);
long sys_fremovexattr(int fd, const char *name);

// Names of AF_UNIX sockets (socket_node.c): the inode is referenced until released.
int fs_socket_create(const char *path, struct inode **made);
int fs_socket_find(const char *path, struct inode **found);
void fs_socket_release(struct inode *);

#endif
