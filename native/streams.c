// A machine's three streams: bytes in memory, or descriptors of the host.
//
// Invariants
// 1. Kept output never grows beyond the run's limit, which both outputs share.
// 2. No wait lasts longer than a slice without a look at the run's limits.
#define _GNU_SOURCE
#include "lives.h"
#include "net.h"
#include "state.h"
#include "wasi.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRANSFER = 1 << 20, SLICE_MS = 50, FORGET_ABOVE = 1 << 20 };

int kept_add(struct kept *kept, const uint8_t *bytes, uint64_t size) {
    if (size > kept->room - kept->size) {
        uint64_t room = kept->room * 2 > kept->size + size ? kept->room * 2 : kept->size + size;
        uint8_t *grown = realloc(kept->bytes, room);
        if (!grown)
            return -1;
        kept->bytes = grown;
        kept->room = room;
    }
    memcpy(kept->bytes + kept->size, bytes, size);
    kept->size += size;
    return 0;
}

int kept_set(struct kept *kept, const uint8_t *bytes, uint64_t size) {
    kept->size = 0;
    return kept_add(kept, bytes, size);
}

void kept_forget(struct kept *kept) {
    if (kept->room > FORGET_ABOVE) {
        free(kept->bytes);
        *kept = (struct kept){0};
    }
    kept->size = 0;
}

static int wasi_errno(int error) {
    switch (error) {
    case EAGAIN:
        return WASI_AGAIN;
    case EPIPE:
        return WASI_PIPE;
    case EBADF:
        return WASI_BADF;
    case EACCES:
        return WASI_ACCES;
    case ENOSPC:
        return WASI_NOSPC;
    default:
        return WASI_IO;
    }
}

static int wait_in_slices(struct boxer_machine *machine, struct pollfd *polled, uint32_t count,
                          uint64_t until_ns) {
    for (;;) {
        if (watch_check(machine))
            return STREAM_OVER;
        net_sweep(machine);
        uint64_t now = now_ns(), rest = until_ns > now ? until_ns - now : 0;
        const struct boxer_run *run = machine->run;
        if (run->time_ns != UINT64_MAX) {
            uint64_t end = machine->began_ns + run->time_ns;
            uint64_t allowed = end > now ? end - now : 0;
            rest = rest < allowed ? rest : allowed;
        }
        uint64_t slice = SLICE_MS * 1000000ull;
        slice = slice < rest ? slice : rest;
        struct timespec timeout = {.tv_nsec = (long)slice};
        machine->watched.is_waiting = 1;
        int ready = machine->lives ? lives_poll(machine, polled, count, &timeout)
                                   : ppoll(polled, count, &timeout, NULL);
        machine->watched.is_waiting = 0;
        if (machine->outcome->kind != BOXER_RETURNED)
            return STREAM_OVER;
        if (ready > 0 || now_ns() >= until_ns)
            return ready > 0 ? ready : 0;
        if (signals_wait(machine))
            return STREAM_INTERRUPTED;
    }
}

int stream_wait(struct boxer_machine *machine, struct pollfd *polled, uint32_t count,
                uint64_t until_ns) {
    int ready = wait_in_slices(machine, polled, count, until_ns);
    lives_waited(machine);
    return ready;
}

int stream_write(struct boxer_machine *machine, int number, const uint8_t *bytes, uint64_t size,
                 uint64_t *moved) {
    int descriptor = machine->run->descriptors[number];
    if (size > TRANSFER)
        size = TRANSFER;
    if (size && !machine->output_left) {
        machine->outcome->kind = BOXER_LIMIT;
        machine->outcome->status = BOXER_LIMIT_OUTPUT;
        return STREAM_OVER;
    }
    if (size > machine->output_left)
        size = machine->output_left;
    if (descriptor < 0) {
        if (kept_add(number == 2 ? &machine->errors : &machine->output, bytes, size) < 0)
            return WASI_NOSPC;
        *moved = size;
    } else {
        ssize_t written;
        while ((written = write(descriptor, bytes, size)) < 0 && errno == EINTR) {
            if (watch_check(machine))
                return STREAM_OVER;
            if (signals_wait(machine))
                return WASI_INTR;
        }
        if (written < 0)
            return wasi_errno(errno);
        *moved = (uint64_t)written;
    }
    machine->output_left -= *moved;
    return WASI_SUCCESS;
}

int stream_read(struct boxer_machine *machine, uint8_t *bytes, uint64_t size, uint64_t *moved) {
    const struct boxer_run *run = machine->run;
    int descriptor = run->descriptors[0];
    if (descriptor < 0) {
        uint64_t left = run->input_size - machine->input_at;
        *moved = size < left ? size : left;
        memcpy(bytes, run->input + machine->input_at, *moved);
        machine->input_at += *moved;
        return WASI_SUCCESS;
    }
    size = size < TRANSFER ? size : TRANSFER;
    tracking_touch(bytes, size); // the host's kernel is going to write there
    struct pollfd polled = {.fd = descriptor, .events = POLLIN};
    int waited = stream_wait(machine, &polled, 1, UINT64_MAX);
    if (waited < 0)
        return waited == STREAM_OVER ? STREAM_OVER : WASI_INTR;
    ssize_t taken;
    while ((taken = read(descriptor, bytes, size)) < 0 && errno == EINTR)
        if (watch_check(machine))
            return STREAM_OVER;
    if (taken < 0)
        return wasi_errno(errno);
    *moved = (uint64_t)taken;
    return WASI_SUCCESS;
}

void machine_tell(struct boxer_machine *machine, const char *line, uint64_t size) {
    int descriptor = machine->run->descriptors[2];
    if (descriptor >= 0)
        (void)!write(descriptor, line, size);
    else if (size <= machine->output_left &&
             kept_add(&machine->errors, (const uint8_t *)line, size) == 0)
        machine->output_left -= size;
}

int stream_filetype(struct boxer_machine *machine, int number) {
    int descriptor = machine->run->descriptors[number];
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        return WASI_UNKNOWN;
    // A box asks isatty by this; /dev/null is a character device and no terminal.
    if (S_ISCHR(status.st_mode))
        return isatty(descriptor) ? WASI_CHARACTER_DEVICE : WASI_UNKNOWN;
    return S_ISREG(status.st_mode) ? WASI_REGULAR_FILE : WASI_UNKNOWN;
}
