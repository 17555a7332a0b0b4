// The memory of a machine as an image of its own.
//
// Invariant: only what can hold something is read: data of the files that are mapped, and private
// pages. A machine of 4 GiB that holds one page takes as long as one of a page.
#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

int write_all(int descriptor, const uint8_t *bytes, uint64_t size, uint64_t offset) {
    while (size) {
        ssize_t written = pwrite(descriptor, bytes, size, (off_t)offset);
        if (written < 0 && errno != EINTR)
            return -1;
        uint64_t part = written > 0 ? (uint64_t)written : 0;
        bytes += part;
        size -= part;
        offset += part;
    }
    return 0;
}

static int is_zero(const uint8_t *bytes, uint64_t size) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

// held: a byte for each piece, whether it can hold something.
struct pieces {
    uint8_t *held;
    uint64_t count;
};

static void hold(void *state, uint64_t offset, uint64_t size) {
    struct pieces *pieces = state;
    for (uint64_t i = offset / PIECE; i < pieces->count && i * PIECE < offset + size; i++)
        pieces->held[i] = 1;
}

// -1: this file system does not tell.
static int hold_data(const struct boxer_image *image, struct pieces *pieces) {
    off_t start = 0, end = 0;
    while ((start = lseek(image->descriptor, end, SEEK_DATA)) >= 0) {
        if ((end = lseek(image->descriptor, start, SEEK_HOLE)) < 0)
            return -1;
        hold(pieces, (uint64_t)start, (uint64_t)(end - start));
    }
    return errno == ENXIO ? 0 : -1; // lseek(2): no data behind
}

static void find_held(struct boxer_machine *machine, uint64_t size, struct pieces *pieces) {
    if (hold_data(machine->image, pieces) < 0 ||
        visit_private(machine->base, size, hold, pieces) < 0)
        hold(pieces, 0, size);
    layer_visit(machine->layer, hold, pieces);
    if (machine->spaces) // forks have mapped files of their own
        hold(pieces, 0, size);
}

// In large pieces, so that the file system keeps them in large folios: mapping those costs a
// hundredth of mapping single pages. Pieces of zeros stay holes.
static int write_held(int descriptor, const uint8_t *memory, uint64_t size,
                      const struct pieces *pieces) {
    for (uint64_t i = 0; i < pieces->count; i++) {
        uint64_t at = i * PIECE, length = size - at < PIECE ? size - at : PIECE;
        if (pieces->held[i] && !is_zero(memory + at, length) &&
            write_all(descriptor, memory + at, length, at) < 0)
            return -1;
    }
    return 0;
}

int write_memory(struct boxer_machine *machine, int descriptor) {
    uint64_t size;
    const uint8_t *memory = boxer_machine_memory(machine, &size);
    struct pieces pieces = {.count = (size + PIECE - 1) / PIECE};
    pieces.held = calloc(pieces.count + 1, 1);
    int done = pieces.held && ftruncate(descriptor, (off_t)size) == 0;
    if (done) {
        find_held(machine, size, &pieces);
        done = write_held(descriptor, memory, size, &pieces) == 0;
    }
    int error = errno;
    free(pieces.held);
    errno = error;
    return done ? 0 : -1;
}

struct boxer_image *boxer_image_of(struct boxer_machine *machine, int descriptor, uint64_t headroom,
                                   char *message) {
    uint64_t size;
    boxer_machine_memory(machine, &size);
    if (write_memory(machine, descriptor) == 0 &&
        ftruncate(descriptor, (off_t)(size + headroom)) == 0)
        return boxer_image_new(descriptor, size + headroom, message);
    snprintf(message, 256, "the image cannot be written: %s", strerror(errno));
    return NULL;
}
