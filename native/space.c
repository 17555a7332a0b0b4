// The memory of a guest's processes. One is in place, the others are put aside: each in a stash of
// addresses as large as a memory may become, equal to the memory's modulo 2 MiB, so that the host's
// kernel moves whole tables of pages. An exchange moves no bytes (moving.c), and takes about as
// long for 20 MB as for one.
//
// A fork writes large runs of private pages to a file, which both processes then map copy-on-write,
// so that the next fork of either copies only what has changed since; single pages are copied.
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
#include <unistd.h>

// MOST_PARTS: beyond that a process is written to a file as a whole. WORTH_A_FILE: copying less is
// as fast. MOST_MAPPINGS, MOST_FILES: all machines' parts, and descriptors of this process.
enum { PAGE = 4096, TABLE = 2 << 20, MOST_RANGES = 16384, MOST_PARTS = 256, MOST_RUNS = 64 };
enum { LARGEST_GAP = 16 * PAGE, MOST_MAPPINGS = 16384, WORTH_A_FILE = 16 * PAGE, MOST_FILES = 256 };

// bytes: that it holds. It goes with the last part that names it.
struct file {
    int descriptor;
    uint32_t references;
    uint64_t bytes;
};

// file: null: the image. is_whole: known to lie within one mapping.
struct part {
    struct range range;
    struct file *file;
    int is_whole;
};

// parts: what is known of how it is mapped, sorted. bytes: private ones at most, out of place.
struct space {
    uint32_t id, count, room;
    uint8_t *reserved, *stash; // stash: + an offset in memory
    struct part *parts;
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
    uint64_t filed;    // bytes in files
    struct ranges leaving, entering;
};

static int64_t mappings, files; // of all machines

static struct space *find(const struct boxer_machine *machine, uint32_t id) {
    const struct spaces *spaces = machine->spaces;
    for (uint32_t i = 0; spaces && i < spaces->count; i++)
        if (spaces->all[i]->id == id)
            return spaces->all[i];
    return NULL;
}

static void release(struct spaces *spaces, struct file *file) {
    if (!file || --file->references)
        return;
    spaces->filed -= file->bytes;
    __atomic_sub_fetch(&files, 1, __ATOMIC_RELAXED);
    close(file->descriptor);
    free(file);
}

static void drop_parts(struct spaces *spaces, struct space *space) {
    for (uint32_t i = 0; i < space->count; i++)
        release(spaces, space->parts[i].file);
    __atomic_sub_fetch(&mappings, (int64_t)space->count, __ATOMIC_RELAXED);
    free(space->parts);
    space->parts = NULL;
    space->count = space->room = 0;
}

// Neighbours that lie within one mapping become one part.
static int add_part(struct space *space, struct part part) {
    if (!part.range.size)
        return 0;
    if (space->count == space->room) {
        uint32_t room = space->room ? space->room * 2 : 8;
        struct part *grown = realloc(space->parts, room * sizeof *grown);
        if (!grown)
            return -1;
        space->parts = grown;
        space->room = room;
    }
    if (__atomic_add_fetch(&mappings, 1, __ATOMIC_RELAXED) > MOST_MAPPINGS) {
        __atomic_sub_fetch(&mappings, 1, __ATOMIC_RELAXED);
        return -1;
    }
    if (part.file)
        part.file->references++;
    space->parts[space->count++] = part;
    return 0;
}

static struct source source_of(const struct boxer_machine *machine, const struct file *file) {
    return (struct source){machine->image, file ? file->descriptor : -1};
}

// What is known of `ranges`, in order and without gaps: pieces of the parts, and what lies between
// them, cut at the image's end.
typedef int (*piece_visitor)(void *state, const struct part *piece);
static int each_piece(const struct boxer_machine *machine, const struct part *parts, uint32_t count,
                      const struct ranges *ranges, piece_visitor visit, void *state) {
    uint32_t at = 0;
    uint64_t border = machine->image->size;
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint64_t offset = ranges->of[i].offset, end = offset + ranges->of[i].size;
        while (offset < end) {
            while (at < count && parts[at].range.offset + parts[at].range.size <= offset)
                at++;
            int is_known = at < count && parts[at].range.offset <= offset;
            uint64_t next = is_known     ? parts[at].range.offset + parts[at].range.size
                            : at < count ? parts[at].range.offset
                                         : end;
            next = next < end ? next : end;
            if (offset < border && next > border && !(is_known && parts[at].file))
                next = border;
            struct part piece = {{offset, next - offset},
                                 is_known ? parts[at].file : NULL,
                                 is_known && parts[at].is_whole};
            if (visit(state, &piece) < 0)
                return -1;
            offset = next;
        }
    }
    return 0;
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
    drop_parts(machine->spaces, space);
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
    uint64_t bytes = spaces->filed;
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

// Private pages in place, as ranges of the memory's: the first MOST_RUNS that are worth it. Pages
// between two that are private, few beside those, are written too: they have the same bytes.
struct runs {
    uint64_t base, bytes; // base: of the piece that is looked at
    uint32_t count;
    struct range next;     // that grows still
    uint64_t next_private; // bytes of it
    struct range of[MOST_RUNS];
};

static void end_run(struct runs *runs) {
    if (runs->next_private >= WORTH_A_FILE && runs->count < MOST_RUNS) {
        runs->of[runs->count++] = runs->next;
        runs->bytes += runs->next.size;
    }
    runs->next.size = runs->next_private = 0;
}

static void note_run(void *state, uint64_t offset, uint64_t size) {
    struct runs *runs = state;
    uint64_t start = runs->base + offset, gap = start - runs->next.offset - runs->next.size;
    if (runs->next.size && (gap > LARGEST_GAP || gap > runs->next_private / 2))
        end_run(runs);
    if (!runs->next.size)
        runs->next.offset = start;
    runs->next.size = start + size - runs->next.offset;
    runs->next_private += size;
}

struct looking {
    struct boxer_machine *machine;
    struct runs *runs;
};

static int look_for_runs(void *state, const struct part *piece) {
    struct looking *looking = state;
    looking->runs->base = piece->range.offset;
    return visit_private(looking->machine->base + piece->range.offset, piece->range.size, note_run,
                         looking->runs) < 0
               ? -1
               : 0;
}

static struct file *write_runs(struct boxer_machine *machine, const struct runs *runs) {
    struct file *file = calloc(1, sizeof *file);
    uint64_t size;
    boxer_machine_memory(machine, &size);
    if (!file)
        return NULL;
    file->descriptor = memfd_create("boxer", MFD_CLOEXEC);
    int done = file->descriptor >= 0 && ftruncate(file->descriptor, (off_t)size) == 0;
    for (uint32_t i = 0; done && i < runs->count; i++)
        done = write_all(file->descriptor, machine->base + runs->of[i].offset, runs->of[i].size,
                         runs->of[i].offset) == 0;
    if (!done) {
        if (file->descriptor >= 0)
            close(file->descriptor);
        free(file);
        return NULL;
    }
    file->references = 1;
    file->bytes = runs->bytes;
    __atomic_add_fetch(&files, 1, __ATOMIC_RELAXED);
    machine->spaces->filed += file->bytes;
    return file;
}

// The parts anew, with the runs cut out of them and mapped from the file.
struct settling {
    struct boxer_machine *machine;
    struct space *space; // its parts are the new ones
    const struct runs *runs;
    struct file *file;
};

static int settle_piece(void *state, const struct part *piece) {
    struct settling *settling = state;
    uint64_t offset = piece->range.offset, end = offset + piece->range.size;
    struct source source = source_of(settling->machine, settling->file);
    for (uint32_t i = 0; i < settling->runs->count && offset < end; i++) {
        struct range run = settling->runs->of[i];
        uint64_t from = run.offset > offset ? run.offset : offset;
        uint64_t to = run.offset + run.size < end ? run.offset + run.size : end;
        if (from >= to)
            continue;
        struct part before = {{offset, from - offset}, piece->file, piece->is_whole};
        struct part settled = {{from, to - from}, settling->file, 1};
        if (add_part(settling->space, before) < 0 || add_part(settling->space, settled) < 0 ||
            map_untouched(&source, settling->machine->base, settled.range) < 0)
            return -1;
        offset = to;
    }
    struct part rest = {{offset, end - offset}, piece->file, piece->is_whole};
    return add_part(settling->space, rest);
}

// -1: what is mapped is not known any more.
static int settle(struct boxer_machine *machine, const struct ranges *ranges,
                  const struct runs *runs) {
    struct spaces *spaces = machine->spaces;
    struct space *space = spaces->in_place, before = *space;
    struct file *file = write_runs(machine, runs);
    if (!file)
        return 0; // as it was: all is copied
    space->parts = NULL;
    space->count = space->room = 0;
    struct settling settling = {machine, space, runs, file};
    int done =
        each_piece(machine, before.parts, before.count, ranges, settle_piece, &settling) == 0;
    drop_parts(spaces, &before);
    release(spaces, file);
    return done ? 0 : -1;
}

// Has large private runs in a file, where that is worth it. -1: the run cannot go on.
static int settle_in_place(struct boxer_machine *machine, const struct ranges *ranges,
                           uint64_t most) {
    struct space *space = machine->spaces->in_place;
    struct runs *runs = calloc(1, sizeof *runs);
    struct looking looking = {machine, runs};
    int done = 0;
    if (!runs)
        return 0;
    if (space->count > MOST_PARTS && ranges->count <= MOST_RUNS) {
        runs->count = ranges->count;
        memcpy(runs->of, ranges->of, ranges->count * sizeof *ranges->of);
        for (uint32_t i = 0; i < ranges->count; i++)
            runs->bytes += ranges->of[i].size;
    } else if (each_piece(machine, space->parts, space->count, ranges, look_for_runs, &looking) ==
               0) {
        end_run(runs);
    } else {
        runs->count = 0; // the host's kernel does not tell
    }
    // Where the bounds are near, all is copied.
    int64_t parts = (int64_t)space->count + 2 * runs->count + ranges->count;
    if (runs->count && runs->bytes <= most && parts <= 4 * MOST_PARTS &&
        __atomic_load_n(&mappings, __ATOMIC_RELAXED) + 2 * parts <= MOST_MAPPINGS &&
        __atomic_load_n(&files, __ATOMIC_RELAXED) < MOST_FILES)
        done = settle(machine, ranges, runs);
    free(runs);
    return done;
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
    if (add_part(filling->space, part) < 0)
        return -1;
    int64_t copied = copy_part(&source, filling->space->stash, filling->machine->base, piece->range,
                               filling->most - filling->space->bytes);
    if (copied < 0)
        return -1;
    filling->space->bytes += (uint64_t)copied;
    return 0;
}

static int over(struct boxer_machine *machine, enum boxer_kind kind, uint32_t status,
                const char *problem) {
    machine->outcome->kind = kind;
    machine->outcome->status = status;
    strncpy(machine->outcome->message, problem, sizeof machine->outcome->message - 1);
    return -1;
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
    if (settle_in_place(machine, ranges, most) < 0) {
        over(machine, BOXER_FAILED, 0, "the memory of a process cannot be mapped");
        return -ENOMEM;
    }
    const struct space *space = machine->spaces->in_place;
    uint64_t left = left_of(machine, copy) / 2;
    struct filling filling = {machine, copy, left < most ? left : most};
    if (each_piece(machine, space->parts, space->count, ranges, fill_piece, &filling) == 0)
        return 0;
    forget(machine, copy);
    return -ENOMEM;
}

static int map_piece(void *state, const struct part *piece) {
    struct filling *filling = state;
    struct source source = source_of(filling->machine, NULL);
    struct part part = {piece->range, NULL, 1};
    return add_part(filling->space, part) < 0 ||
                   map_untouched(&source, filling->space->stash, piece->range) < 0
               ? -1
               : 0;
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
    struct filling filling = {machine, space, 0};
    if (each_piece(machine, NULL, 0, ranges, map_piece, &filling) == 0)
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
        if (!lies_within(space->parts[i].range, entering))
            return -EINVAL; // its pages would be lost
    return name_in_place(machine, leaving->id);
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

struct moving {
    struct boxer_machine *machine;
    struct space *space;
    struct file *file; // of the piece that is moved
};

static int moved_out(void *state, struct range range) {
    struct moving *moving = state;
    struct part part = {range, moving->file, 1};
    return add_part(moving->space, part);
}

static int move_piece_out(void *state, const struct part *piece) {
    struct moving *moving = state;
    struct source source = source_of(moving->machine, piece->file);
    moving->file = piece->file;
    return move_part(&source, moving->space->stash, moving->machine->base, piece->range,
                     piece->is_whole, moved_out, moving);
}

static int move_out(struct boxer_machine *machine, struct space *space,
                    const struct ranges *ranges) {
    struct space before = *space;
    struct moving moving = {machine, space, NULL};
    space->parts = NULL;
    space->count = space->room = 0;
    int done = each_piece(machine, before.parts, before.count, ranges, move_piece_out, &moving);
    drop_parts(machine->spaces, &before);
    return done;
}

static int no_part(void *state, struct range part) {
    (void)state, (void)part;
    return 0;
}

// Pages that the entering process has and its stash had not. Behind the image zeros are mapped.
static int clear_new(void *state, const struct part *piece) {
    struct boxer_machine *machine = state;
    struct source source = source_of(machine, NULL);
    if (piece->is_whole)
        return 0;
    if (piece->range.offset >= machine->image->size)
        return map_untouched(&source, machine->base, piece->range);
    memset(machine->base + piece->range.offset, 0, piece->range.size);
    return 0;
}

static int move_in(struct boxer_machine *machine, struct space *space,
                   const struct ranges *ranges) {
    for (uint32_t i = 0; i < space->count; i++) {
        struct source source = source_of(machine, space->parts[i].file);
        if (move_part(&source, machine->base, space->stash, space->parts[i].range, 1, no_part,
                      NULL) < 0)
            return -1;
    }
    return each_piece(machine, space->parts, space->count, ranges, clear_new, machine);
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
    // Once in a while: what was moved in pieces again and again is made one of few.
    int moved = from->count > MOST_PARTS ? settle_in_place(machine, leaving, left) : 0;
    if (moved == 0)
        moved = move_out(machine, from, leaving);
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
