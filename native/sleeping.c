// A machine's own pages in a file, and back: between two calls, with nobody on its stack.
//
//     struct head, then for each range: struct range, and its bytes
//
// Invariants
// 1. What has a part outside of its memory is not saved: mounted folders, processes, sockets,
// layers
//    of forks.
// 2. No size in a file is believed: what is read lies inside the memory as it is.
#define _GNU_SOURCE
#include "state.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MAGIC = 0x31787362 };

// passed_ns: of the guest's clock, which goes on from there.
struct head {
    uint64_t magic, size, image_size, passed_ns;
};

struct saving {
    struct boxer_machine *machine;
    int descriptor, error;
    uint64_t at;
};

static void put(struct saving *saving, const void *bytes, uint64_t size) {
    if (!saving->error && write_all(saving->descriptor, bytes, size, saving->at) < 0)
        saving->error = errno ? errno : EIO;
    saving->at += size;
}

static void put_range(void *state, uint64_t offset, uint64_t size) {
    struct saving *saving = state;
    struct range range = {offset, size};
    put(saving, &range, sizeof range);
    put(saving, saving->machine->base + offset, size);
}

static uint64_t size_of(struct boxer_machine *machine) {
    return wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
}

int boxer_machine_save(struct boxer_machine *machine, int descriptor) {
    if (machine->layer || machine->spaces || machine->files || machine->run)
        return -1;
    struct head head = {MAGIC, size_of(machine), machine->image->size,
                        machine->born_ns ? now_ns() - machine->born_ns : 0};
    struct saving saving = {machine, descriptor, 0, 0};
    put(&saving, &head, sizeof head);
    if (visit_private(machine->base, head.size, put_range, &saving) < 0)
        return -1;
    return saving.error;
}

// 1, 0: there is no more, or -1.
static int take(int descriptor, void *bytes, uint64_t size, uint64_t *at) {
    uint8_t *to = bytes;
    for (uint64_t done = 0; done < size;) {
        ssize_t got = pread(descriptor, to + done, size - done, (off_t)(*at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && done == 0 ? 0 : -1;
        done += (uint64_t)got;
    }
    *at += size;
    return 1;
}

int boxer_machine_load(struct boxer_machine *machine, int descriptor) {
    struct head head;
    struct range range;
    uint64_t at = 0, size = size_of(machine);
    int more = take(descriptor, &head, sizeof head, &at);
    if (more != 1 || head.magic != MAGIC || head.image_size != machine->image->size ||
        head.size < size || boxer_machine_grow(machine, head.size - size) < 0)
        return -1;
    while ((more = take(descriptor, &range, sizeof range, &at)) == 1) {
        if (range.size > head.size || range.offset > head.size - range.size)
            return -1;
        more = take(descriptor, machine->base + range.offset, range.size, &at);
        if (more != 1)
            return -1;
    }
    machine->born_ns = now_ns() - head.passed_ns;
    return more;
}
