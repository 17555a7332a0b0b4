// The memory of a guest's processes. One is in place, the others are put aside: each in a stash of
// addresses as large as a memory may become, equal to the memory's modulo 2 MiB, so that the host's
// kernel moves whole tables of pages. An exchange moves no bytes (moving.c), and takes about as
// long for 20 MB as for one. A fork copies the pages that are not the image's.
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
#include "moving.h"
#include "polling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// MOST_PARTS: beyond that a process that was moved in pieces again and again is copied into one.
// MOST_MAPPINGS: of all machines' parts.
enum { PAGE = 4096, TABLE = 2 << 20, MOST_RANGES = 1024, MOST_PARTS = 2048, MOST_MAPPINGS = 16384 };

// parts: as it was moved last, each within one mapping. bytes: private ones at most, out of place.
struct space {
    uint32_t id, count, room;
    uint8_t *reserved, *stash; // stash: + an offset in memory
    struct range *parts;
    uint64_t bytes;
};

struct ranges {
    uint32_t id, count;
    struct range of[MOST_RANGES];
};

struct spaces {
    struct space **all, *in_place;
    uint32_t count, room;
    uint64_t reserved; // bytes of each stash
    struct ranges leaving, entering;
};

static int64_t mappings; // parts of all machines

static struct space *find(const struct boxer_machine *machine, uint32_t id) {
    const struct spaces *spaces = machine->spaces;
    for (uint32_t i = 0; spaces && i < spaces->count; i++)
        if (spaces->all[i]->id == id)
            return spaces->all[i];
    return NULL;
}

static int set_parts(struct space *space, uint32_t count) {
    int64_t more = (int64_t)count - space->count;
    if (more > 0 && __atomic_add_fetch(&mappings, more, __ATOMIC_RELAXED) > MOST_MAPPINGS) {
        __atomic_sub_fetch(&mappings, more, __ATOMIC_RELAXED);
        return -1;
    }
    if (more < 0)
        __atomic_add_fetch(&mappings, more, __ATOMIC_RELAXED);
    space->count = count;
    return 0;
}

static int add_part(void *state, struct range part) {
    struct space *space = state;
    if (space->count == space->room) {
        uint32_t room = space->room ? space->room * 2 : 8;
        struct range *grown = realloc(space->parts, room * sizeof *grown);
        if (!grown)
            return -1;
        space->parts = grown;
        space->room = room;
    }
    if (set_parts(space, space->count + 1) < 0)
        return -1;
    space->parts[space->count - 1] = part;
    return 0;
}

// A machine with layers, or whose pages are not all writable, is made one of a single mapping.
static int flatten(struct boxer_machine *machine, uint64_t size) {
    enum { PIECE = 1 << 20 };
    uint8_t *piece = malloc(PIECE);
    for (uint64_t at = 0; piece && at < size; at += PIECE) {
        struct range part = {at, size - at < PIECE ? size - at : PIECE};
        memcpy(piece, machine->base + at, part.size);
        if (map_untouched(machine->image, machine->base, part) < 0) {
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
static int begin(struct boxer_machine *machine) {
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
static int read_ranges(struct boxer_machine *machine, uint32_t address, struct ranges *ranges) {
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
    set_parts(space, 0);
    if (space->reserved)
        munmap(space->reserved, machine->spaces->reserved + TABLE);
    free(space->parts);
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
static int name_in_place(struct boxer_machine *machine, uint32_t id) {
    struct spaces *spaces = machine->spaces;
    if (spaces->in_place)
        return spaces->in_place->id == id ? 0 : -EINVAL;
    if (find(machine, id))
        return -EINVAL;
    spaces->in_place = new_space(machine, id);
    return spaces->in_place ? 0 : -ENOMEM;
}

static uint64_t put_aside(const struct boxer_machine *machine, const struct space *but) {
    const struct spaces *spaces = machine->spaces;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < spaces->count; i++)
        if (spaces->all[i] != but && spaces->all[i] != spaces->in_place)
            bytes += spaces->all[i]->bytes;
    return bytes;
}

// What may still be added to what is out of place.
static uint64_t left_of(const struct boxer_machine *machine, const struct space *but) {
    uint64_t taken = put_aside(machine, but);
    return taken < machine->memory_limit ? machine->memory_limit - taken : 0;
}

static int copy_ranges(struct boxer_machine *machine, struct space *space,
                       const struct ranges *ranges, uint64_t most) {
    space->bytes = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        int64_t copied = copy_part(machine->image, space->stash, machine->base, ranges->of[i],
                                   most - space->bytes);
        if (copied < 0)
            return -1;
        space->bytes += (uint64_t)copied;
    }
    return 0;
}

// The parts of ranges that are mapped afresh: the image's end lies between two mappings.
static int note_fresh(struct boxer_machine *machine, struct space *space,
                      const struct ranges *ranges) {
    uint64_t border = machine->image->size;
    int done = set_parts(space, 0) == 0;
    for (uint32_t i = 0; done && i < ranges->count; i++) {
        struct range part = ranges->of[i];
        if (part.offset < border && part.offset + part.size > border) {
            done = add_part(space, (struct range){part.offset, border - part.offset}) == 0;
            part = (struct range){border, part.offset + part.size - border};
        }
        done = done && add_part(space, part) == 0;
    }
    return done ? 0 : -1;
}

int space_copy(struct boxer_machine *machine, uint32_t from, uint32_t id) {
    int error = begin(machine);
    if (error)
        return error;
    struct ranges *ranges = &machine->spaces->leaving;
    if ((error = read_ranges(machine, from, ranges)))
        return error;
    if (id == ranges->id || find(machine, id))
        return -EINVAL;
    if ((error = name_in_place(machine, ranges->id)))
        return error;
    struct space *copy = new_space(machine, id);
    if (!copy)
        return -EAGAIN;
    // What is in place counts as much as its copy.
    uint64_t most = left_of(machine, copy) / 2;
    if (note_fresh(machine, copy, ranges) == 0 && copy_ranges(machine, copy, ranges, most) == 0)
        return 0;
    forget(machine, copy);
    return -ENOMEM;
}

int space_of_image(struct boxer_machine *machine, uint32_t id, uint32_t descriptor) {
    int error = begin(machine);
    if (error)
        return error;
    struct ranges *ranges = &machine->spaces->leaving;
    if ((error = read_ranges(machine, descriptor, ranges)))
        return error;
    if (!id || find(machine, id))
        return -EINVAL;
    struct space *space = new_space(machine, id);
    if (!space)
        return -EAGAIN;
    int done = note_fresh(machine, space, ranges) == 0;
    for (uint32_t i = 0; done && i < ranges->count; i++)
        done = map_untouched(machine->image, space->stash, ranges->of[i]) == 0;
    if (done)
        return 0;
    forget(machine, space);
    return -ENOMEM;
}

static int lies_within(struct range part, const struct ranges *ranges) {
    for (uint32_t i = 0; i < ranges->count; i++)
        if (part.offset >= ranges->of[i].offset &&
            part.offset + part.size <= ranges->of[i].offset + ranges->of[i].size)
            return 1;
    return 0;
}

int space_check_move(struct boxer_machine *machine, uint32_t leave, uint32_t enter) {
    int error = begin(machine);
    if (error)
        return error;
    struct ranges *leaving = &machine->spaces->leaving, *entering = &machine->spaces->entering;
    if ((error = read_ranges(machine, leave, leaving)) ||
        (error = read_ranges(machine, enter, entering)))
        return error;
    const struct space *space = find(machine, entering->id);
    if (!space || space == machine->spaces->in_place || leaving->id == entering->id)
        return -EINVAL;
    for (uint32_t i = 0; i < space->count; i++)
        if (!lies_within(space->parts[i], entering))
            return -EINVAL; // its pages would be lost
    return name_in_place(machine, leaving->id);
}

static int over(struct boxer_machine *machine, enum boxer_kind kind, uint32_t status,
                const char *problem) {
    machine->outcome->kind = kind;
    machine->outcome->status = status;
    strncpy(machine->outcome->message, problem, sizeof machine->outcome->message - 1);
    return -1;
}

static void count_region(void *state, uint64_t offset, uint64_t size) {
    (void)offset;
    *(uint64_t *)state += size;
}

// Private bytes in place, at most.
static uint64_t weigh(struct boxer_machine *machine, const struct ranges *ranges, int exactly) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint64_t own = 0;
        struct range range = ranges->of[i];
        if (!exactly ||
            visit_private(machine->base + range.offset, range.size, count_region, &own) < 0)
            own = range.size;
        bytes += own;
    }
    return bytes;
}

static int move_out(struct boxer_machine *machine, struct space *space,
                    const struct ranges *ranges) {
    uint32_t known = space->count, at = 0;
    struct range *parts = space->parts; // as they came in: each one mapping
    int64_t charged = known;
    *space = (struct space){space->id, 0, 0, space->reserved, space->stash, NULL, space->bytes};
    __atomic_sub_fetch(&mappings, charged, __ATOMIC_RELAXED);
    int done = 1;
    for (uint32_t i = 0; done && i < ranges->count; i++) {
        uint64_t offset = ranges->of[i].offset, end = offset + ranges->of[i].size;
        while (done && offset < end) {
            while (at < known && parts[at].offset + parts[at].size <= offset)
                at++;
            // Up to the next known part, or as much of it as is still the process's.
            int is_whole = at < known && parts[at].offset <= offset;
            uint64_t next = is_whole     ? parts[at].offset + parts[at].size
                            : at < known ? parts[at].offset
                                         : end;
            if (offset < machine->image->size && next > machine->image->size)
                next = machine->image->size;
            next = next < end ? next : end;
            done = move_part(machine->image, space->stash, machine->base,
                             (struct range){offset, next - offset}, is_whole, add_part, space) == 0;
            offset = next;
        }
    }
    free(parts);
    return done ? 0 : -1;
}

// Once in a while: what has come in many pieces is made one of few.
static int copy_out(struct boxer_machine *machine, struct space *space,
                    const struct ranges *ranges) {
    return note_fresh(machine, space, ranges) == 0 &&
                   copy_ranges(machine, space, ranges, UINT64_MAX) == 0
               ? 0
               : -1;
}

static int no_part(void *state, struct range part) {
    (void)state, (void)part;
    return 0;
}

// Pages that the entering process has and its stash had not.
static int clear_new(struct boxer_machine *machine, const struct space *space,
                     const struct ranges *ranges) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint64_t offset = ranges->of[i].offset, end = offset + ranges->of[i].size;
        while (offset < end) {
            while (at < space->count && space->parts[at].offset + space->parts[at].size <= offset)
                at++;
            int is_there = at < space->count && space->parts[at].offset <= offset;
            uint64_t next = at == space->count ? end
                            : is_there         ? space->parts[at].offset + space->parts[at].size
                                               : space->parts[at].offset;
            next = next < end ? next : end;
            uint64_t border = machine->image->size;
            if (offset < border && next > border)
                next = border;
            // Behind the image all mappings are anonymous: pages that are given back are zeros.
            if (!is_there && offset >= border) {
                if (madvise(machine->base + offset, next - offset, MADV_DONTNEED) < 0)
                    return -1;
            } else if (!is_there) {
                memset(machine->base + offset, 0, next - offset);
            }
            offset = next;
        }
    }
    return 0;
}

static int move_in(struct boxer_machine *machine, struct space *space,
                   const struct ranges *ranges) {
    for (uint32_t i = 0; i < space->count; i++)
        if (move_part(machine->image, machine->base, space->stash, space->parts[i], 1, no_part,
                      NULL) < 0)
            return -1;
    return clear_new(machine, space, ranges);
}

int space_move(struct boxer_machine *machine) {
    struct spaces *spaces = machine->spaces;
    struct ranges *leaving = &spaces->leaving, *entering = &spaces->entering;
    struct space *from = spaces->in_place, *to = find(machine, entering->id);
    // What comes in may be written to, all of it.
    uint64_t left = left_of(machine, to), wanted = weigh(machine, entering, 0);
    from->bytes = weigh(machine, leaving, 0);
    if (from->bytes + wanted > left) {
        from->bytes = weigh(machine, leaving, 1);
        wanted = to->bytes;
    }
    if (from->bytes + wanted > left)
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_MEMORY, "");
    uint64_t bytes = from->bytes;
    int moved = from->count > MOST_PARTS ? copy_out(machine, from, leaving)
                                         : move_out(machine, from, leaving);
    from->bytes = bytes;
    spaces->in_place = NULL;
    if (moved < 0 || move_in(machine, to, entering) < 0)
        return over(machine, BOXER_FAILED, 0, "the memory of a process cannot be moved");
    spaces->in_place = to;
    return 0;
}

int space_check_drop(struct boxer_machine *machine, uint32_t id) {
    const struct space *space = find(machine, id);
    return space && space != machine->spaces->in_place ? 0 : -EINVAL;
}

void space_drop(struct boxer_machine *machine, uint32_t id) {
    forget(machine, find(machine, id));
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
