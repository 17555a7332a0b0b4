// Host folders and compressed files: there are none.
#include "double_network.h"
#include "host/host.h"

#include <boxer/linux_errno.h>

long host_pread(int hfd, void *buffer, size_t size, int64_t offset) {
    (void)hfd, (void)buffer, (void)size, (void)offset;
    return -EBADF;
}

long host_pwrite(int hfd, const void *buffer, size_t size, int64_t offset) {
    (void)hfd, (void)buffer, (void)size, (void)offset;
    return -EBADF;
}

int host_close(int hfd) {
    return network_close(hfd);
}

int host_sync(int hfd, int data_only) {
    (void)hfd, (void)data_only;
    return -EBADF;
}

int host_truncate(int hfd, int64_t size) {
    (void)hfd, (void)size;
    return -EBADF;
}

int host_fstat(int hfd, struct host_stat *stat) {
    (void)hfd, (void)stat;
    return -EBADF;
}

int host_set_times(int hfd, int64_t atime_ns, int64_t mtime_ns) {
    (void)hfd, (void)atime_ns, (void)mtime_ns;
    return -EBADF;
}

int host_preopen_name_size(int hfd) {
    (void)hfd;
    return -EBADF;
}

int host_preopen_name(int hfd, char *name, size_t size) {
    (void)hfd, (void)name, (void)size;
    return -EBADF;
}

int host_open(int dir, const char *path, size_t len, int follow, int open_flags, int access) {
    (void)dir, (void)path, (void)len, (void)follow, (void)open_flags, (void)access;
    return -EBADF;
}

int host_stat(int dir, const char *path, size_t len, int follow, struct host_stat *stat) {
    (void)dir, (void)path, (void)len, (void)follow, (void)stat;
    return -EBADF;
}

int host_mkdir(int dir, const char *path, size_t len) {
    (void)dir, (void)path, (void)len;
    return -EBADF;
}

int host_rmdir(int dir, const char *path, size_t len) {
    (void)dir, (void)path, (void)len;
    return -EBADF;
}

int host_unlink(int dir, const char *path, size_t len) {
    (void)dir, (void)path, (void)len;
    return -EBADF;
}

int host_rename(int dir, const char *from, size_t from_len, int to_dir, const char *to,
                size_t to_len) {
    (void)dir, (void)from, (void)from_len, (void)to_dir, (void)to, (void)to_len;
    return -EBADF;
}

int host_link(int dir, const char *from, size_t from_len, int to_dir, const char *to,
              size_t to_len) {
    (void)dir, (void)from, (void)from_len, (void)to_dir, (void)to, (void)to_len;
    return -EBADF;
}

int host_symlink(const char *target, size_t target_len, int dir, const char *path, size_t len) {
    (void)target, (void)target_len, (void)dir, (void)path, (void)len;
    return -EBADF;
}

long host_readlink(int dir, const char *path, size_t len, char *buffer, size_t size) {
    (void)dir, (void)path, (void)len, (void)buffer, (void)size;
    return -EBADF;
}

int host_mode(int dir, const char *path, size_t len, uint32_t *mode) {
    (void)dir, (void)path, (void)len, (void)mode;
    return -EBADF;
}

int host_set_mode(int dir, const char *path, size_t len, uint32_t mode) {
    (void)dir, (void)path, (void)len, (void)mode;
    return -EBADF;
}

int host_utimes(int dir, const char *path, size_t len, int follow, int64_t atime_ns,
                int64_t mtime_ns) {
    (void)dir, (void)path, (void)len, (void)follow, (void)atime_ns, (void)mtime_ns;
    return -EBADF;
}

int host_readdir(int hfd, uint64_t cookie, struct host_dirent *entries, size_t max) {
    (void)hfd, (void)cookie, (void)entries, (void)max;
    return -EBADF;
}

// Nothing here is stored compressed.
int lower_inflate(void *into, size_t size, const uint8_t *data, size_t stored) {
    (void)into, (void)size, (void)data, (void)stored;
    return -EIO;
}
