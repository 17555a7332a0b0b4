// Large runs of private pages, written to a file that parent and child map copy-on-write: so the
// next fork of either copies only what has changed since. Single pages stay as they are, and are
// copied.
#define _GNU_SOURCE
#include "polling.h"
#include "spaces.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// WORTH_A_FILE: copying less is as fast. WORTH_A_MAPPING: bytes written for one mapping less.
// SMALL: a range that is written for a single page where its process forks again and again, at each
// power of two of forks from FORKS_AGAIN on.
enum {
    MOST_RUNS = 64,
    LARGEST_GAP = 16 * PAGE,
    WORTH_A_FILE = 16 * PAGE,
    WORTH_A_MAPPING = 1 << 20,
    SMALL = 4 << 20,
    FORKS_AGAIN = 4
};

// Private pages in place, as ranges of the memory's: the first MOST_RUNS that are worth it. Pages
// between two that are private, few beside those, are written too: they have the same bytes. So is
// a whole range where that costs little, since each mapping is moved by itself at a switch.
struct runs {
    uint64_t base, bytes;  // base: of the piece that is looked at
    uint32_t count, first; // first: of the range that is looked at
    uint64_t range_private;
    int is_one_file;       // it has been written as a whole before
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
    runs->range_private += size;
}

static int is_worth_writing(const struct runs *runs, uint64_t size, int again) {
    uint64_t own = runs->range_private, others = size - own;
    if (again && own && size <= SMALL)
        return 1;
    return own >= WORTH_A_FILE && others <= own / 2 + (runs->is_one_file ? 0 : WORTH_A_MAPPING);
}

static void end_range(struct runs *runs, struct range range, int again) {
    end_run(runs);
    if (is_worth_writing(runs, range.size, again) && runs->first < MOST_RUNS) {
        for (uint32_t i = runs->first; i < runs->count; i++)
            runs->bytes -= runs->of[i].size;
        runs->count = runs->first;
        runs->of[runs->count++] = range;
        runs->bytes += range.size;
    }
    runs->first = runs->count;
    runs->range_private = 0;
    runs->is_one_file = 0;
}

// again: its process has forked before, and may go on doing so.
struct looking {
    struct boxer_machine *machine;
    struct runs *runs;
    const struct range *range; // that the piece lies in
    int again;
};

static int look_for_runs(void *state, const struct part *piece) {
    struct looking *looking = state;
    while (piece->range.offset >= looking->range->offset + looking->range->size)
        end_range(looking->runs, *looking->range++, looking->again);
    looking->runs->base = piece->range.offset;
    looking->runs->is_one_file = piece->file && piece->range.size == looking->range->size;
    return visit_private(looking->machine->base + piece->range.offset, piece->range.size, note_run,
                         looking->runs) < 0
               ? -1
               : 0;
}

// -1: the host's kernel does not tell.
static int find_runs(struct boxer_machine *machine, const struct ranges *ranges,
                     struct runs *runs) {
    struct space *space = machine->spaces->in_place;
    space->forks++;
    int again = space->forks >= FORKS_AGAIN && (space->forks & (space->forks - 1)) == 0;
    struct looking looking = {machine, runs, ranges->of, again};
    if (parts_each(machine, space->parts, space->count, ranges, look_for_runs, &looking) < 0)
        return -1;
    if (ranges->count)
        end_range(runs, *looking.range, again);
    return 0;
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
    file->bytes = runs->bytes;
    parts_hold(machine->spaces, file);
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
        if (parts_add(settling->space, before) < 0 || parts_add(settling->space, settled) < 0 ||
            map_untouched(&source, settling->machine->base, settled.range) < 0)
            return -1;
        offset = to;
    }
    struct part rest = {{offset, end - offset}, piece->file, piece->is_whole};
    return parts_add(settling->space, rest);
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
        parts_each(machine, before.parts, before.count, ranges, settle_piece, &settling) == 0;
    parts_drop(spaces, &before);
    parts_release(spaces, file);
    return done ? 0 : -1;
}

// Has large private runs in a file, where that is worth it. -1: the run cannot go on.
int space_settle(struct boxer_machine *machine, const struct ranges *ranges, uint64_t most) {
    struct space *space = machine->spaces->in_place;
    struct runs *runs = calloc(1, sizeof *runs);
    int done = 0;
    if (!runs)
        return 0;
    if (space->count > MOST_PARTS && ranges->count <= MOST_RUNS) {
        runs->count = ranges->count;
        memcpy(runs->of, ranges->of, ranges->count * sizeof *ranges->of);
        for (uint32_t i = 0; i < ranges->count; i++)
            runs->bytes += ranges->of[i].size;
    } else if (find_runs(machine, ranges, runs) < 0) {
        runs->count = 0;
    }
    // Where the bounds are near, all is copied.
    int64_t parts = (int64_t)space->count + 2 * runs->count + ranges->count;
    if (runs->count && runs->bytes <= most && parts <= 4 * MOST_PARTS && parts_have_room(2 * parts))
        done = settle(machine, ranges, runs);
    free(runs);
    return done;
}
