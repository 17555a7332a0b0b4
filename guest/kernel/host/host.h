// The door to the host. kernel/host/preview1.c implements it over wasi_snapshot_preview1;
// tests/native implements it over POSIX. Nothing else in the kernel knows where it runs.
//
// Every function returns a value >= 0 or -errno in Linux numbers. `hfd` is a host descriptor.
#ifndef KERNEL_HOST_HOST_H
#define KERNEL_HOST_HOST_H

#include <stddef.h>
#include <stdint.h>

enum host_kind {
    HOST_UNKNOWN,
    HOST_FILE,
    HOST_DIRECTORY,
    HOST_CHARACTER,
    HOST_SOCKET,
    HOST_SYMLINK,
    HOST_DATAGRAMS
};

struct host_stat {
    uint64_t dev, ino, nlink, size;
    int64_t atime_ns, mtime_ns, ctime_ns;
    enum host_kind kind;
};

struct host_dirent {
    uint64_t next; // cookie of the entry after this one
    uint64_t ino;
    enum host_kind kind;
    uint32_t name_len;
    char name[256];
};

struct host_poll {
    int hfd;
    int want_write; // 0: readable
    int ready;      // out
};

// Clocks, entropy, life.
int64_t host_clock(int realtime); // nanoseconds; realtime 0: monotonic
int64_t host_clock_resolution(int realtime);
int host_random(void *buffer, size_t size);
_Noreturn void host_exit(int status);
_Noreturn void host_abort(void); // a trap: only for broken invariants
// Waits until one is ready or timeout_ns passed (-1: for ever); returns the number ready.
int host_poll(struct host_poll *polls, size_t count, int64_t timeout_ns);

// Arguments, environment: size query then fill, as in preview 1.
int host_args_sizes(size_t *count, size_t *bytes);
int host_args(char **argv, char *buffer);
int host_environ_sizes(size_t *count, size_t *bytes);
int host_environ(char **envp, char *buffer);

// Host descriptors.
long host_read(int hfd, void *buffer, size_t size);
long host_write(int hfd, const void *buffer, size_t size);
long host_pread(int hfd, void *buffer, size_t size, int64_t offset);
long host_pwrite(int hfd, const void *buffer, size_t size, int64_t offset);
int host_close(int hfd);
int host_sync(int hfd, int data_only);
int host_truncate(int hfd, int64_t size);
int host_fstat(int hfd, struct host_stat *stat);
int host_fdkind(int hfd, enum host_kind *kind, int *append_nonblock); // fd_fdstat_get
int host_set_times(int hfd, int64_t atime_ns, int64_t mtime_ns); // INT64_MIN: leave, INT64_MAX: now

// Sockets of the host, none of which ever blocks. Where a call moves less than it could, and less
// than HOST_TRANSFER, there is nothing more, or no more room.
#define HOST_TRANSFER (1l << 20)
struct linux_iovec;
int host_accept(int hfd); // a host descriptor
long host_receive(int hfd, const struct linux_iovec *, size_t count, int peek, int *truncated);
long host_transmit(int hfd, const struct linux_iovec *, size_t count);
int host_shut(int hfd, int how); // 1: receiving, 2: sending, 3: both

// Preopened folders, enumerated from hfd 3 until -EBADF. name is not terminated.
int host_preopen_name_size(int hfd);
int host_preopen_name(int hfd, char *name, size_t size);

// Below a folder. path is relative, never absolute, without "..", length given.
enum {
    HOST_OPEN_CREATE = 1,
    HOST_OPEN_DIRECTORY = 2,
    HOST_OPEN_EXCLUSIVE = 4,
    HOST_OPEN_TRUNCATE = 8
};
enum { HOST_ACCESS_READ = 1, HOST_ACCESS_WRITE = 2, HOST_ACCESS_APPEND = 4 };
int host_open(int dir, const char *path, size_t len, int follow, int open_flags, int access);
int host_stat(int dir, const char *path, size_t len, int follow, struct host_stat *stat);
int host_mkdir(int dir, const char *path, size_t len);
int host_rmdir(int dir, const char *path, size_t len);
int host_unlink(int dir, const char *path, size_t len);
int host_rename(int dir, const char *from, size_t from_len, int to_dir, const char *to,
                size_t to_len);
int host_link(int dir, const char *from, size_t from_len, int to_dir, const char *to,
              size_t to_len);
int host_symlink(const char *target, size_t target_len, int dir, const char *path, size_t len);
long host_readlink(int dir, const char *path, size_t len, char *buffer, size_t size);
int host_utimes(int dir, const char *path, size_t len, int follow, int64_t atime_ns,
                int64_t mtime_ns);
// Permission bits, of a host that knows them (else -EINVAL); a link has none.
int host_mode(int dir, const char *path, size_t len, uint32_t *mode);
int host_set_mode(int dir, const char *path, size_t len, uint32_t mode);
// Fills entries from cookie on; returns how many (0: the end).
int host_readdir(int hfd, uint64_t cookie, struct host_dirent *entries, size_t max);

#endif
