// Frames of fibers that share a place: kept aside while another one is resident there, exchanged by
// code on a scratch stack; and copies of a fiber, which begin so.
#include "fibers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// MOST_FIBERS: ids are below.
enum { SCRATCH = 64 << 10, MOST_FIBERS = 65536 };

static int may_keep(const struct boxer_machine *machine, uint64_t more) {
    uint64_t taken = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    taken += machine->fibers->kept;
    return taken < machine->memory_limit && more <= machine->memory_limit - taken;
}

// Room to keep a resident's frames in. Those of the current fiber go down to this call.
int fiber_make_room(const struct boxer_machine *machine, struct fiber *fiber) {
    struct fibers *fibers = machine->fibers;
    uintptr_t lowest = fiber == fibers->current ? (uintptr_t)__builtin_frame_address(0) - SLACK
                                                : (uintptr_t)fiber->suspended;
    uint64_t size = fiber->place->top - lowest;
    if (size <= fiber->kept_room)
        return 0;
    uint64_t more = size - fiber->kept_room + (fiber->kept ? 0 : OF_A_FIBER);
    uint8_t *grown = may_keep(machine, more) ? realloc(fiber->kept, size) : NULL;
    if (!grown)
        return -1;
    fibers->kept += more;
    fiber->kept = grown;
    fiber->kept_room = size;
    return 0;
}

static void keep_frames(struct fiber *fiber, const struct fiber *from) {
    fiber->kept_size = from->place->top - (uintptr_t)from->suspended;
    memcpy(fiber->kept, from->suspended, fiber->kept_size);
}

// On the scratch stack: nobody's frames are in use.
static void exchange(void *argument) {
    struct fibers *fibers = argument;
    for (;;) {
        if (fibers->copy) {
            fibers->copy->suspended = fibers->current->suspended;
            keep_frames(fibers->copy, fibers->current);
            fibers->copy = NULL;
            native_switch(&fibers->scratch_suspended, fibers->current->suspended);
            continue;
        }
        struct fiber *to = fibers->next;
        struct place *place = to->place;
        if (place->resident && place->resident->is_dropped)
            fiber_free(fibers, place->resident);
        else if (place->resident)
            keep_frames(place->resident, place->resident);
        memcpy(to->suspended, to->kept, to->kept_size);
        place->resident = to;
        native_switch(&fibers->scratch_suspended, to->suspended);
    }
}

int fibers_make_scratch(struct fibers *fibers) {
    if (fibers->scratch)
        return 0;
    if (!(fibers->scratch = stack_take(SCRATCH)))
        return -1;
    fibers->scratch_suspended = native_begin(fibers->scratch->top, exchange, fibers);
    return 0;
}

int fibers_check_copy(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    if (id >= MOST_FIBERS || fibers_find(fibers, id))
        return -EINVAL;
    return fibers_make_table(fibers, id) < 0 || fibers_make_scratch(fibers) < 0 ? -EAGAIN : 0;
}

static struct fiber *new_copy(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    struct fiber *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = (struct fiber){.place = fibers->current->place, .id = id, .answer = 1};
    copy->suspended = (uint8_t *)__builtin_frame_address(0) - SLACK; // at the lowest
    if (fiber_make_room(machine, copy) < 0) {
        free(copy);
        return NULL;
    }
    copy->place->fibers++;
    return fibers->of[id] = copy;
}

// In the copy it answers 1, when that is gone on with.
int fibers_copy(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    struct fiber *from = fibers->current, *copy = new_copy(machine, id);
    if (!copy)
        return -EAGAIN;
    from->answer = 0;
    fibers_set_top(machine, 0);
    words_save(fibers->store_words, fibers->thread_word, &copy->words);
    fibers->copy = copy;
    native_switch(&from->suspended, fibers->scratch_suspended);
    fibers_arrive(machine);
    return machine->fibers->current->answer;
}
