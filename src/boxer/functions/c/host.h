// How a box asks its host: /dev/boxer under Boxer's own runtime, frames on the streams elsewhere
// (docs/reference/function-protocol.md). Of function.h, and of the JavaScript base.
#ifndef BOXER_HOST_H
#define BOXER_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOXER_LARGEST_FRAME (256u << 20)

// Where frames come from and go to, while a host is served by them; else -1.
static int boxer_frames_in_ = -1, boxer_frames_out_ = -1;

// 0; -1: the input has ended, or cannot be read.
static inline int boxer_read_(int from, void *bytes, size_t size) {
    for (char *at = bytes; size;) {
        ssize_t got = read(from, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        size -= (size_t)got;
    }
    return 0;
}

static inline int boxer_write_(int to, const void *bytes, size_t size) {
    for (const char *at = bytes; size;) {
        ssize_t put = write(to, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        at += put;
        size -= (size_t)put;
    }
    return 0;
}

// A frame's bytes, to be freed, with a NUL behind them; null: none came. has_ended: whether there
// is none because the input ends, between two frames.
static inline char *boxer_read_frame_(int from, size_t *size, int *has_ended) {
    uint32_t told;
    ssize_t got;
    do
        got = read(from, &told, 4); // the device gives no less
    while (got < 0 && errno == EINTR);
    *has_ended = got == 0;
    if (got <= 0 || boxer_read_(from, (char *)&told + got, 4 - (size_t)got) < 0 ||
        told > BOXER_LARGEST_FRAME)
        return NULL;
    char *bytes = malloc((size_t)told + 1);
    if (!bytes || boxer_read_(from, bytes, told) < 0) {
        free(bytes);
        return NULL;
    }
    bytes[told] = 0;
    *size = told;
    return bytes;
}

static inline int boxer_write_frame_(int to, const void *bytes, size_t size) {
    uint32_t told = (uint32_t)size;
    return boxer_write_(to, &told, 4) < 0 || boxer_write_(to, bytes, size) < 0 ? -1 : 0;
}

// Frames come on standard input, and replies go to what is standard output now; what the program
// prints goes to standard error from here on.
static inline int boxer_begin_frames_(void) {
    boxer_frames_in_ = 0;
    boxer_frames_out_ = dup(1);
    return boxer_frames_out_ < 0 || dup2(2, 1) < 0 ? -1 : 0;
}

// request: `h`, `c` or `t`, and the rest. The reply, to be freed; null: this run has no functions
// of the host.
static inline char *boxer_ask_(const char *request, size_t size, size_t *reply_size) {
    static int device = -1;
    int has_ended;
    if (boxer_frames_in_ >= 0) {
        if (boxer_write_frame_(boxer_frames_out_, request, size) < 0)
            return NULL;
        return boxer_read_frame_(boxer_frames_in_, reply_size, &has_ended);
    }
    if (device < 0 && (device = open("/dev/boxer", O_RDWR | O_CLOEXEC)) < 0)
        return NULL;
    while (write(device, request + 1, size - 1) < 0) {
        if (errno != EAGAIN && errno != EBUSY && errno != EINTR)
            return NULL;
        sched_yield(); // another process of the box has a reply to read
    }
    return boxer_read_frame_(device, reply_size, &has_ended);
}

#endif
