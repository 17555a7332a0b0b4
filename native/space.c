// The memory of a guest's processes. One is in place, the others are put aside: each in a stash of
// addresses as large as a memory may become, equal to the memory's modulo 2 MiB, so that the host's
// kernel moves whole tables of pages. An exchange moves no bytes (exchange.c, moving.c), and takes
// about as long for 20 MB as for one.
//
// A fork writes large runs of private pages to a file, which both processes then map copy-on-write,
// so that the next fork of either copies only what has changed since (settle.c, parts.c); single
// pages are copied.
//
// Belongs here: what a process's memory is while it is out of place. Does not: which pages are a
// process's, which its kernel says (descriptors, abi/boot.toml).
//
// Invariants
// 1. What lies at an offset is mapped from the image, at the same offset, or is anonymous behind
// the
//    image's end, in the memory as in each stash; bytes that differ from that are private pages.
//    (Layers of a forked machine are made private pages first: flatten.)
// 2. The block `boxer_tasks` is never moved: other threads read it.
// 3. All that is out of place, together with what is in place, stays below the machine's limit of
//    memory: a fork beyond it is ENOMEM; processes that grow beyond it, each by itself, end the
//    run.
// 4. How many mappings all machines take is bounded: a process has 65,530 by default.
// 5. Pages of a process that comes into place are what they were; those that its kernel names and
//    that were not there are zeros. What lies in pages that nobody in place has is not defined.
#define _GNU_SOURCE
#include "space.h"

#include "../guest/include/boxer/boot.h"
#include "fiber.h"
#include "polling.h"
#include "spaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct space *spaces_find(const struct boxer_machine *machine, uint32_t id) {
    const struct spaces *spaces = machine->spaces;
    for (uint32_t i = 0; spaces && i < spaces->count; i++)
        if (spaces->all[i]->id == id)
            return spaces->all[i];
    return NULL;
}

// A machine with layers, or whose pages are not all writable, is made one of a single mapping.
static int flatten(struct boxer_machine *machine, uint64_t size) {
    enum { PIECE = 1 << 20 };
    uint8_t *piece = malloc(PIECE);
    for (uint64_t at = 0; piece && at < size; at += PIECE) {
        struct range part = {at, size - at < PIECE ? size - at : PIECE};
        memcpy(piece, machine->base + at, part.size);
        struct source image = source_of(machine, NULL);
        if (map_untouched(&image, machine->base, part) < 0) {
            free(piece);
            return -1; // nothing has changed but what was done
        }
        for (uint64_t page = 0; page < part.size; page += PAGE)
            if (memcmp(machine->base + at + page, piece + page, PAGE) != 0)
                memcpy(machine->base + at + page, piece + page, PAGE);
    }
    free(piece);
    if (!piece)
        return -1;
    layer_release(machine->layer);
    machine->layer = NULL;
    return 0;
}

// From now on the machine is no copy of its image any more.
int spaces_begin(struct boxer_machine *machine) {
    if (machine->spaces)
        return 0;
    uint64_t size;
    boxer_machine_memory(machine, &size);
    if (tracking_open(machine) < 0 || (machine->layer && flatten(machine, size) < 0))
        return -ENOMEM;
    struct spaces *spaces = calloc(1, sizeof *spaces);
    if (!spaces)
        return -ENOMEM;
    uint64_t limit = machine->memory_limit > size ? machine->memory_limit : size;
    spaces->reserved = (limit + TABLE - 1) / TABLE * TABLE;
    machine->spaces = spaces;
    return 0;
}

// A descriptor of the guest's: sorted and disjoint ranges of whole pages in its memory, without the
// block. Neighbours become one.
int spaces_read(struct boxer_machine *machine, uint32_t address, struct ranges *ranges) {
    struct boxer_space descriptor;
    const uint8_t *place = guest_at(machine, address, sizeof descriptor);
    if (!address || !place)
        return -EFAULT;
    memcpy(&descriptor, place, sizeof descriptor);
    if (!descriptor.id || descriptor.count > MOST_RANGES)
        return -EINVAL;
    place = guest_at(machine, descriptor.ranges, descriptor.count * 8ull);
    if (!place)
        return -EFAULT;
    uint64_t size, end = 0;
    boxer_machine_memory(machine, &size);
    ranges->id = descriptor.id;
    ranges->count = 0;
    for (uint32_t i = 0; i < descriptor.count; i++) {
        struct boxer_space_range given;
        memcpy(&given, place + i * sizeof given, sizeof given);
        uint64_t start = given.address, block = machine->tasks;
        if (start % PAGE || given.size % PAGE || !given.size || start < end)
            return -EINVAL;
        end = start + given.size;
        if (end > size || (start < block + sizeof(struct boxer_tasks) && block < end))
            return -EINVAL;
        struct range *last = ranges->count ? &ranges->of[ranges->count - 1] : NULL;
        if (last && last->offset + last->size == start)
            last->size += given.size;
        else
            ranges->of[ranges->count++] = (struct range){start, given.size};
    }
    return 0;
}

static void free_space(struct boxer_machine *machine, struct space *space) {
    parts_drop(machine->spaces, space);
    munmap(space->reserved, machine->spaces->reserved + TABLE);
    free(space);
}

static struct space *new_space(struct boxer_machine *machine, uint32_t id) {
    struct spaces *spaces = machine->spaces;
    if (spaces->count > fibers_most(machine))
        return NULL;
    if (spaces->count == spaces->room) {
        uint32_t room = spaces->room ? spaces->room * 2 : 8;
        struct space **grown = realloc(spaces->all, room * sizeof *grown);
        if (!grown)
            return NULL;
        spaces->all = grown;
        spaces->room = room;
    }
    struct space *space = calloc(1, sizeof *space);
    if (!space)
        return NULL;
    space->id = id;
    uint8_t *reserved = mmap(NULL, spaces->reserved + TABLE, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) {
        free(space);
        return NULL;
    }
    uintptr_t unequal = ((uintptr_t)machine->base - (uintptr_t)reserved) % TABLE;
    space->reserved = reserved;
    space->stash = reserved + unequal;
    return spaces->all[spaces->count++] = space;
}

static void forget(struct boxer_machine *machine, struct space *space) {
    struct spaces *spaces = machine->spaces;
    for (uint32_t i = 0; i < spaces->count; i++)
        if (spaces->all[i] == space)
            spaces->all[i] = spaces->all[--spaces->count];
    free_space(machine, space);
}

// The process in place is called that; it has been, or none has had a name yet.
int spaces_name(struct boxer_machine *machine, uint32_t id) {
    struct spaces *spaces = machine->spaces;
    if (spaces->in_place)
        return spaces->in_place->id == id ? 0 : -EINVAL;
    if (spaces_find(machine, id))
        return -EINVAL;
    spaces->in_place = new_space(machine, id);
    return spaces->in_place ? 0 : -ENOMEM;
}

static uint64_t put_aside(const struct boxer_machine *machine, const struct space *but) {
    const struct spaces *spaces = machine->spaces;
    uint64_t bytes = spaces->filed;
    for (uint32_t i = 0; i < spaces->count; i++)
        if (spaces->all[i] != but && spaces->all[i] != spaces->in_place)
            bytes += spaces->all[i]->bytes;
    return bytes;
}

// What may still be added to what is out of place.
uint64_t spaces_left(const struct boxer_machine *machine, const struct space *but) {
    uint64_t taken = put_aside(machine, but);
    return taken < machine->memory_limit ? machine->memory_limit - taken : 0;
}

struct filling {
    struct boxer_machine *machine;
    struct space *space;
    uint64_t most;
};

static int fill_piece(void *state, const struct part *piece) {
    struct filling *filling = state;
    struct source source = source_of(filling->machine, piece->file);
    struct part part = {piece->range, piece->file, 1};
    if (parts_add(filling->space, part) < 0)
        return -1;
    int64_t copied = copy_part(&source, filling->space->stash, filling->machine->base, piece->range,
                               filling->most - filling->space->bytes);
    if (copied < 0)
        return -1;
    filling->space->bytes += (uint64_t)copied;
    return 0;
}

int spaces_over(struct boxer_machine *machine, enum boxer_kind kind, uint32_t status,
                const char *problem) {
    machine->outcome->kind = kind;
    machine->outcome->status = status;
    strncpy(machine->outcome->message, problem, sizeof machine->outcome->message - 1);
    return -1;
}

int space_copy(struct boxer_machine *machine, uint32_t from, uint32_t id) {
    int error = spaces_begin(machine);
    if (error)
        return error;
    struct ranges *ranges = &machine->spaces->leaving;
    if ((error = spaces_read(machine, from, ranges)))
        return error;
    if (id == ranges->id || spaces_find(machine, id))
        return -EINVAL;
    if ((error = spaces_name(machine, ranges->id)))
        return error;
    struct space *copy = new_space(machine, id);
    if (!copy)
        return -EAGAIN;
    // What is in place counts as much as its copy.
    uint64_t most = spaces_left(machine, copy) / 2;
    if (space_settle(machine, ranges, most) < 0) {
        spaces_over(machine, BOXER_FAILED, 0, "the memory of a process cannot be mapped");
        return -ENOMEM;
    }
    const struct space *space = machine->spaces->in_place;
    uint64_t left = spaces_left(machine, copy) / 2;
    struct filling filling = {machine, copy, left < most ? left : most};
    if (parts_each(machine, space->parts, space->count, ranges, fill_piece, &filling) == 0)
        return 0;
    forget(machine, copy);
    return -ENOMEM;
}

static int map_piece(void *state, const struct part *piece) {
    struct filling *filling = state;
    struct source source = source_of(filling->machine, NULL);
    struct part part = {piece->range, NULL, 1};
    return parts_add(filling->space, part) < 0 ||
                   map_untouched(&source, filling->space->stash, piece->range) < 0
               ? -1
               : 0;
}

int space_of_image(struct boxer_machine *machine, uint32_t id, uint32_t descriptor) {
    int error = spaces_begin(machine);
    if (error)
        return error;
    struct ranges *ranges = &machine->spaces->leaving;
    if ((error = spaces_read(machine, descriptor, ranges)))
        return error;
    if (!id || spaces_find(machine, id))
        return -EINVAL;
    struct space *space = new_space(machine, id);
    if (!space)
        return -EAGAIN;
    struct filling filling = {machine, space, 0};
    if (parts_each(machine, NULL, 0, ranges, map_piece, &filling) == 0)
        return 0;
    forget(machine, space);
    return -ENOMEM;
}

int space_check_drop(struct boxer_machine *machine, uint32_t id) {
    const struct space *space = spaces_find(machine, id);
    return space && space != machine->spaces->in_place ? 0 : -EINVAL;
}

void space_drop(struct boxer_machine *machine, uint32_t id) {
    forget(machine, spaces_find(machine, id));
}

void spaces_forget(struct boxer_machine *machine) {
    struct spaces *spaces = machine->spaces;
    for (uint32_t i = spaces ? spaces->count : 0; i-- > 0;)
        if (spaces->all[i] != spaces->in_place)
            forget(machine, spaces->all[i]);
}

void spaces_free(struct boxer_machine *machine) {
    struct spaces *spaces = machine->spaces;
    if (!spaces)
        return;
    for (uint32_t i = 0; i < spaces->count; i++)
        free_space(machine, spaces->all[i]);
    free(spaces->all);
    free(spaces);
}
