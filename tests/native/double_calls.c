// The file calls that no runtime test makes: -ENOSYS.
#include "syscalls_fs.h"

#include <boxer/linux_errno.h>

long sys_openat(int a0, const char *a1, int a2, uint32_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_openat2(int a0, const char *a1, const struct linux_open_how *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_close_range(unsigned a0, unsigned a1, unsigned a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_dup3(int a0, int a1, int a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_flock(int a0, int a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_readv(int a0, const struct linux_iovec *a1, int a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_writev(int a0, const struct linux_iovec *a1, int a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_pread64(int a0, void *a1, size_t a2, int64_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_pwrite64(int a0, const void *a1, size_t a2, int64_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_preadv2(int a0, const struct linux_iovec *a1, int a2, int64_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_pwritev2(int a0, const struct linux_iovec *a1, int a2, int64_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_lseek64(int a0, int64_t a1, int64_t *a2, int a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_sendfile64(int a0, int a1, int64_t *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_splice(int a0, int64_t *a1, int a2, int64_t *a3, size_t a4, unsigned a5) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -ENOSYS;
}

long sys_tee(int a0, int a1, size_t a2, unsigned a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_copy_file_range(int a0, int64_t *a1, int a2, int64_t *a3, size_t a4, unsigned a5) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -ENOSYS;
}

long sys_getdents64(int a0, void *a1, size_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_statx(int a0, const char *a1, int a2, unsigned a3, struct linux_statx *a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_statfs64(const char *a0, size_t a1, struct linux_statfs64 *a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_fstatfs64(int a0, size_t a1, struct linux_statfs64 *a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_getcwd(char *a0, size_t a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_chdir(const char *a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_fchdir(int a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_chroot(const char *a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_fchmod(int a0, uint32_t a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_fchmodat2(int a0, const char *a1, uint32_t a2, int a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_fchownat(int a0, const char *a1, uint32_t a2, uint32_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_fchown(int a0, uint32_t a1, uint32_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_faccessat2(int a0, const char *a1, int a2, int a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_umask(uint32_t a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_renameat2(int a0, const char *a1, int a2, const char *a3, unsigned a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_linkat(int a0, const char *a1, int a2, const char *a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_unlinkat(int a0, const char *a1, int a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_symlinkat(const char *a0, int a1, const char *a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_readlinkat(int a0, const char *a1, char *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_mkdirat(int a0, const char *a1, uint32_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_mknodat(int a0, const char *a1, uint32_t a2, uint32_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_truncate64(const char *a0, int64_t a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_ftruncate64(int a0, int64_t a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_fallocate(int a0, int a1, int64_t a2, int64_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_fadvise64(int a0, int64_t a1, int64_t a2, int a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_readahead(int a0, int64_t a1, size_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_utimensat(int a0, const char *a1, const struct linux_timespec *a2, int a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_sync(void) {
    return -ENOSYS;
}

long sys_fsync(int a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_fdatasync(int a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_syncfs(int a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_sync_file_range(int a0, int64_t a1, int64_t a2, unsigned a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_memfd_create(const char *a0, unsigned a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_setxattr(const char *a0, const char *a1, const void *a2, size_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_lsetxattr(const char *a0, const char *a1, const void *a2, size_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_fsetxattr(int a0, const char *a1, const void *a2, size_t a3, int a4) {
    (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
    return -ENOSYS;
}

long sys_getxattr(const char *a0, const char *a1, void *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_lgetxattr(const char *a0, const char *a1, void *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_fgetxattr(int a0, const char *a1, void *a2, size_t a3) {
    (void)a0, (void)a1, (void)a2, (void)a3;
    return -ENOSYS;
}

long sys_listxattr(const char *a0, char *a1, size_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_llistxattr(const char *a0, char *a1, size_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_flistxattr(int a0, char *a1, size_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_removexattr(const char *a0, const char *a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_lremovexattr(const char *a0, const char *a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_fremovexattr(int a0, const char *a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}

long sys_inotify_init1(int a0) {
    (void)a0;
    return -ENOSYS;
}

long sys_inotify_add_watch(int a0, const char *a1, uint32_t a2) {
    (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
}

long sys_inotify_rm_watch(int a0, int a1) {
    (void)a0, (void)a1;
    return -ENOSYS;
}
