// Numbers of WASI preview 1 (its witx files); names are kept as they are there.
#ifndef BOXER_NATIVE_WASI_H
#define BOXER_NATIVE_WASI_H

#include <stdint.h>

enum wasi_errno {
    WASI_SUCCESS = 0,
    WASI_ACCES = 2,
    WASI_AGAIN = 6,
    WASI_BADF = 8,
    WASI_FAULT = 21,
    WASI_INVAL = 28,
    WASI_INTR = 27,
    WASI_IO = 29,
    WASI_LOOP = 32,
    WASI_NAMETOOLONG = 37,
    WASI_NFILE = 41,
    WASI_NOENT = 44,
    WASI_NOSPC = 51,
    WASI_NOTDIR = 54,
    WASI_NXIO = 60,
    WASI_PERM = 63,
    WASI_PIPE = 64,
    WASI_ROFS = 69,
    WASI_SPIPE = 70,
};

enum wasi_filetype {
    WASI_UNKNOWN = 0,
    WASI_CHARACTER_DEVICE = 2,
    WASI_DIRECTORY = 3,
    WASI_REGULAR_FILE = 4,
    WASI_SOCKET_DGRAM = 5,
    WASI_SOCKET_STREAM = 6,
    WASI_SYMBOLIC_LINK = 7,
};

enum { WASI_CLOCK_REALTIME = 0, WASI_CLOCK_LAST = 3 };
enum { WASI_EVENT_CLOCK = 0, WASI_EVENT_FD_READ = 1, WASI_EVENT_FD_WRITE = 2 };
enum { WASI_RIGHT_FD_READ = 1 << 1, WASI_RIGHT_FD_WRITE = 1 << 6, WASI_RIGHT_POLL = 1 << 27 };
enum { WASI_ABSOLUTE_TIME = 1 };
enum { WASI_RECV_PEEK = 1, WASI_RECV_TRUNCATED = 1 };

#pragma pack(push, 1)
struct wasi_vector {
    uint32_t address, size;
};
struct wasi_subscription {
    uint64_t userdata;
    uint8_t kind, padding[7];
    union {
        struct {
            uint32_t id, padding;
            uint64_t timeout, precision;
            uint16_t flags;
            uint8_t rest[6];
        } clock;
        uint32_t descriptor;
    } of;
};
struct wasi_event {
    uint64_t userdata;
    uint16_t error;
    uint8_t kind, padding[5];
    uint64_t size;
    uint16_t flags;
    uint8_t rest[6];
};
struct wasi_fdstat {
    uint8_t filetype, padding;
    uint16_t flags;
    uint32_t more_padding;
    uint64_t rights, inheriting;
};
struct wasi_filestat {
    uint64_t device, inode;
    uint8_t filetype, padding[7];
    uint64_t links, size, accessed, modified, changed;
};
#pragma pack(pop)

_Static_assert(sizeof(struct wasi_subscription) == 48, "subscription");
_Static_assert(sizeof(struct wasi_event) == 32, "event");
_Static_assert(sizeof(struct wasi_fdstat) == 24, "fdstat");
_Static_assert(sizeof(struct wasi_filestat) == 64, "filestat");

#endif
