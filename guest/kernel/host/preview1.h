// The imports of wasi_snapshot_preview1 and its layouts: what the two files of this folder share.
//
// Invariants
// 1. Only this folder has imports. Sizes and offsets are those of the preview 1 ABI, little-endian.
// 2. A number that the host answers is checked against the buffer it was given before it is used.
#ifndef KERNEL_HOST_PREVIEW1_H
#define KERNEL_HOST_PREVIEW1_H

#include "host/host.h"

#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef uint16_t p1_errno;
int p1_error(uint32_t error); // preview 1's number as 0 or a negated Linux number

enum p1_filetype {
    P1_UNKNOWN,
    P1_BLOCK,
    P1_CHARACTER,
    P1_DIRECTORY,
    P1_FILE,
    P1_DATAGRAM,
    P1_STREAM,
    P1_SYMLINK
};

struct p1_fdstat {
    uint8_t filetype;
    uint16_t flags;
    uint64_t rights, inheriting;
};

struct p1_filestat {
    uint64_t dev, ino;
    uint8_t filetype;
    uint64_t nlink, size, atime, mtime, ctime;
};

struct p1_dirent {
    uint64_t next, ino;
    uint32_t name_len;
    uint8_t filetype;
};

struct p1_iovec {
    const void *base;
    size_t size;
};

_Static_assert(sizeof(struct p1_fdstat) == 24, "fdstat");
_Static_assert(sizeof(struct p1_filestat) == 64, "filestat");
_Static_assert(sizeof(struct p1_dirent) == 24, "dirent");
_Static_assert(sizeof(struct p1_iovec) == 8, "iovec");

uint32_t p1_fd_fdstat_get(int, struct p1_fdstat *) IMPORT(fd_fdstat_get);

enum host_kind p1_kind(uint8_t filetype);
void p1_stat(const struct p1_filestat *, struct host_stat *);
// The times and flags of fd_filestat_set_times from host.h's numbers.
uint32_t p1_times(int64_t *atime_ns, int64_t *mtime_ns);

#endif
