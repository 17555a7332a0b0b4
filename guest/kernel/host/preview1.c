// host.h over preview 1: life, clocks, waiting, arguments, descriptors. preview1_path.c: folders.
#include "host/preview1.h"

#include <boxer/linux_errno.h>
#include <boxer/preview1_errors.h>

uint32_t p1_args_get(char **, char *) IMPORT(args_get);
uint32_t p1_args_sizes_get(size_t *, size_t *) IMPORT(args_sizes_get);
uint32_t p1_environ_get(char **, char *) IMPORT(environ_get);
uint32_t p1_environ_sizes_get(size_t *, size_t *) IMPORT(environ_sizes_get);
uint32_t p1_clock_res_get(uint32_t, uint64_t *) IMPORT(clock_res_get);
uint32_t p1_clock_time_get(uint32_t, uint64_t, uint64_t *) IMPORT(clock_time_get);
uint32_t p1_random_get(void *, size_t) IMPORT(random_get);
_Noreturn void p1_proc_exit(uint32_t) IMPORT(proc_exit);
uint32_t p1_fd_read(int, const struct p1_iovec *, size_t, size_t *) IMPORT(fd_read);
uint32_t p1_fd_write(int, const struct p1_iovec *, size_t, size_t *) IMPORT(fd_write);
uint32_t p1_fd_pread(int, const struct p1_iovec *, size_t, uint64_t, size_t *) IMPORT(fd_pread);
uint32_t p1_fd_pwrite(int, const struct p1_iovec *, size_t, uint64_t, size_t *) IMPORT(fd_pwrite);
uint32_t p1_fd_close(int) IMPORT(fd_close);
uint32_t p1_fd_sync(int) IMPORT(fd_sync);
uint32_t p1_fd_datasync(int) IMPORT(fd_datasync);
uint32_t p1_fd_filestat_set_size(int, uint64_t) IMPORT(fd_filestat_set_size);
uint32_t p1_fd_filestat_get(int, struct p1_filestat *) IMPORT(fd_filestat_get);
uint32_t p1_fd_filestat_set_times(int, uint64_t, uint64_t, uint32_t) IMPORT(fd_filestat_set_times);

static const uint8_t errors[] = {
    PREVIEW1_ERRORS,
    EPERM, // the last: ENOTCAPABLE
};
_Static_assert(sizeof errors == 77, "one number for each of preview 1");

int p1_error(uint32_t error) {
    return error < sizeof errors ? -errors[error] : -EIO;
}

int64_t host_clock(int realtime) {
    uint64_t now = 0;
    uint32_t error = p1_clock_time_get(realtime ? 0 : 1, 1, &now);
    return error ? p1_error(error) : now > INT64_MAX ? INT64_MAX : (int64_t)now;
}

int64_t host_clock_resolution(int realtime) {
    uint64_t step = 0;
    uint32_t error = p1_clock_res_get(realtime ? 0 : 1, &step);
    return error ? p1_error(error) : step > INT64_MAX ? INT64_MAX : (int64_t)step;
}

int host_random(void *buffer, size_t size) {
    return p1_error(p1_random_get(buffer, size));
}

void host_exit(int status) {
    p1_proc_exit((uint32_t)status);
}

void host_abort(void) {
    __builtin_trap();
}

int host_args_sizes(size_t *count, size_t *bytes) {
    return p1_error(p1_args_sizes_get(count, bytes));
}

int host_args(char **argv, char *buffer) {
    return p1_error(p1_args_get(argv, buffer));
}

int host_environ_sizes(size_t *count, size_t *bytes) {
    return p1_error(p1_environ_sizes_get(count, bytes));
}

int host_environ(char **envp, char *buffer) {
    return p1_error(p1_environ_get(envp, buffer));
}

static long moved(uint32_t error, size_t done, size_t size) {
    return error ? p1_error(error) : done > size ? -EIO : (long)done;
}

static size_t at_most(size_t size) {
    return size > INT32_MAX ? INT32_MAX : size;
}

long host_read(int hfd, void *buffer, size_t size) {
    struct p1_iovec piece = {buffer, at_most(size)};
    size_t done = 0;
    uint32_t error = p1_fd_read(hfd, &piece, 1, &done);
    return moved(error, done, piece.size);
}

long host_write(int hfd, const void *buffer, size_t size) {
    struct p1_iovec piece = {buffer, at_most(size)};
    size_t done = 0;
    uint32_t error = p1_fd_write(hfd, &piece, 1, &done);
    return moved(error, done, piece.size);
}

long host_pread(int hfd, void *buffer, size_t size, int64_t offset) {
    struct p1_iovec piece = {buffer, at_most(size)};
    size_t done = 0;
    uint32_t error = p1_fd_pread(hfd, &piece, 1, (uint64_t)offset, &done);
    return moved(error, done, piece.size);
}

long host_pwrite(int hfd, const void *buffer, size_t size, int64_t offset) {
    struct p1_iovec piece = {buffer, at_most(size)};
    size_t done = 0;
    uint32_t error = p1_fd_pwrite(hfd, &piece, 1, (uint64_t)offset, &done);
    return moved(error, done, piece.size);
}

int host_close(int hfd) {
    return p1_error(p1_fd_close(hfd));
}

int host_sync(int hfd, int data_only) {
    return p1_error(data_only ? p1_fd_datasync(hfd) : p1_fd_sync(hfd));
}

int host_truncate(int hfd, int64_t size) {
    return size < 0 ? -EINVAL : p1_error(p1_fd_filestat_set_size(hfd, (uint64_t)size));
}

enum host_kind p1_kind(uint8_t filetype) {
    switch (filetype) {
    case P1_CHARACTER:
        return HOST_CHARACTER;
    case P1_DIRECTORY:
        return HOST_DIRECTORY;
    case P1_FILE:
        return HOST_FILE;
    case P1_DATAGRAM:
        return HOST_DATAGRAMS;
    case P1_STREAM:
        return HOST_SOCKET;
    case P1_SYMLINK:
        return HOST_SYMLINK;
    default:
        return HOST_UNKNOWN;
    }
}

static int64_t stamp(uint64_t ns) {
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

void p1_stat(const struct p1_filestat *from, struct host_stat *to) {
    *to = (struct host_stat){
        .dev = from->dev,
        .ino = from->ino,
        .nlink = from->nlink,
        .size = from->size,
        .atime_ns = stamp(from->atime),
        .mtime_ns = stamp(from->mtime),
        .ctime_ns = stamp(from->ctime),
        .kind = p1_kind(from->filetype),
    };
}

int host_fstat(int hfd, struct host_stat *stat) {
    struct p1_filestat got = {0};
    uint32_t error = p1_fd_filestat_get(hfd, &got);
    p1_stat(&got, stat);
    return p1_error(error);
}

int host_fdkind(int hfd, enum host_kind *kind, int *append_nonblock) {
    struct p1_fdstat got = {0};
    uint32_t error = p1_fd_fdstat_get(hfd, &got);
    *kind = p1_kind(got.filetype);
    *append_nonblock = got.flags;
    return p1_error(error);
}

// Bits of fstflags: atime 1, atime now 2, mtime 4, mtime now 8. Times before 1970 become 1970.
static uint32_t one_time(int64_t *ns, uint32_t given) {
    uint32_t flag = *ns == INT64_MIN ? 0 : *ns == INT64_MAX ? given << 1 : given;
    if (*ns < 0 || flag != given)
        *ns = 0;
    return flag;
}

uint32_t p1_times(int64_t *atime_ns, int64_t *mtime_ns) {
    uint32_t flags = one_time(atime_ns, 1);
    return flags | one_time(mtime_ns, 4);
}

int host_set_times(int hfd, int64_t atime_ns, int64_t mtime_ns) {
    uint32_t flags = p1_times(&atime_ns, &mtime_ns);
    return p1_error(p1_fd_filestat_set_times(hfd, (uint64_t)atime_ns, (uint64_t)mtime_ns, flags));
}
