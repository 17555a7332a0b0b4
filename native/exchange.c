// One process's memory goes out of place and another's comes in: pages are moved, not copied
// (moving.c), and what may be written to then is weighed before.
#include "spaces.h"

#include <errno.h>
#include <string.h>

static int lies_within(struct range part, const struct ranges *ranges) {
    for (uint32_t i = 0; i < ranges->count; i++)
        if (part.offset >= ranges->of[i].offset &&
            part.offset + part.size <= ranges->of[i].offset + ranges->of[i].size)
            return 1;
    return 0;
}

int space_check_move(struct boxer_machine *machine, uint32_t leave, uint32_t enter) {
    int error = spaces_begin(machine);
    if (error)
        return error;
    struct ranges *leaving = &machine->spaces->leaving, *entering = &machine->spaces->entering;
    if ((error = spaces_read(machine, leave, leaving)) ||
        (error = spaces_read(machine, enter, entering)))
        return error;
    const struct space *space = spaces_find(machine, entering->id);
    if (!space || space == machine->spaces->in_place || leaving->id == entering->id)
        return -EINVAL;
    for (uint32_t i = 0; i < space->count; i++)
        if (!lies_within(space->parts[i].range, entering))
            return -EINVAL; // its pages would be lost
    return spaces_name(machine, leaving->id);
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
    return parts_add(moving->space, part);
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
    int done = parts_each(machine, before.parts, before.count, ranges, move_piece_out, &moving);
    parts_drop(machine->spaces, &before);
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
    return parts_each(machine, space->parts, space->count, ranges, clear_new, machine);
}

int space_move(struct boxer_machine *machine) {
    struct spaces *spaces = machine->spaces;
    struct ranges *leaving = &spaces->leaving, *entering = &spaces->entering;
    struct space *from = spaces->in_place, *to = spaces_find(machine, entering->id);
    // What comes in may be written to, all of it.
    uint64_t left = spaces_left(machine, to), wanted = weigh(machine, entering, 0);
    from->bytes = weigh(machine, leaving, 0);
    if (from->bytes + wanted > left) {
        from->bytes = weigh(machine, leaving, 1);
        wanted = to->bytes;
    }
    if (from->bytes + wanted > left)
        return spaces_over(machine, BOXER_LIMIT, BOXER_LIMIT_MEMORY, "");
    uint64_t bytes = from->bytes;
    // Once in a while: what was moved in pieces again and again is made one of few.
    int moved = from->count > MOST_PARTS ? space_settle(machine, leaving, left) : 0;
    if (moved == 0)
        moved = move_out(machine, from, leaving);
    from->bytes = bytes;
    spaces->in_place = NULL;
    if (moved < 0 || move_in(machine, to, entering) < 0)
        return spaces_over(machine, BOXER_FAILED, 0, "the memory of a process cannot be moved");
    spaces->in_place = to;
    return 0;
}
