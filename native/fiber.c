// A machine's fibers: native stacks that its guest's tasks run on, one at a time.
//
// Fiber 0 is the call the machine was entered with, on the thread's own stack; each other one is a
// call of the export `boxer_task_begin` on a stack of ours, or a copy of a fiber, which then lives
// at the same addresses as the one it was copied from: a *place*. A place holds the frames of its
// resident; those of its other fibers are kept aside, and exchanged (frames.c). What the engine
// keeps of a call (layout.c) goes with each fiber.
//
// Invariants
// 1. Nothing is made before a guest calls a slot, and all but fiber 0 is gone when the call that
//    entered the machine is over: frames are abandoned (the engine's hold nothing), stacks pooled.
// 2. A run is ended by the fiber whose frames are on the thread's own stack: whatever happens on
//    another, that one is gone on with, and its pending slot answers with a trap. A resident there
//    stays until another takes its place, though its guest has dropped it.
// 3. `watched.stack_top` is the top of the stack that runs, and 0 in between: no signal ends a
//    guest, nor looks at its memory, while words, stack and memory are not one fiber's.
// 4. What runs in the host's own interpreter runs on the thread's own stack: CPython compares
//    addresses.
// 5. All that is refused is refused before anything has changed.
// 6. Stacks are as many as there may be tasks. Copies may be more: what is kept of all of them
//    stays below the run's limit of memory, with the memory in place.
#define _GNU_SOURCE
#include "fibers.h"

#include "space.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// HOST_ROOM: what host functions and handlers of signals need of a stack.
enum { HOST_ROOM = 512 << 10, BELOW = 256, FIRST_ROOM = 64 };

void fibers_set_top(struct boxer_machine *machine, uintptr_t top) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&machine->watched.stack_top, top, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

uint32_t fibers_most(const struct boxer_machine *machine) {
    return machine->fibers->most;
}

int fibers_are_ending(const struct boxer_machine *machine) {
    return machine->fibers && machine->fibers->is_ending;
}

static struct fibers *make_fibers(struct boxer_machine *machine) {
    const struct layout *layout = layout_learn(machine->code->engine);
    struct fibers *fibers = layout ? calloc(1, sizeof *fibers) : NULL;
    if (!fibers)
        return NULL;
    fibers->layout = layout;
    fibers->store_words = (uintptr_t *)machine->context + layout->first;
    return machine->fibers = fibers;
}

// Room for an id: 0, or -1.
int fibers_make_table(struct fibers *fibers, uint32_t id) {
    uint32_t room = fibers->room ? fibers->room : FIRST_ROOM;
    while (room <= id)
        room *= 2;
    if (room == fibers->room)
        return 0;
    struct fiber **of = realloc(fibers->of, room * sizeof *of);
    if (!of)
        return -1;
    memset(of + fibers->room, 0, (room - fibers->room) * sizeof *of);
    fibers->of = of;
    fibers->room = room;
    return 0;
}

// A life of its own for each entry: the ids of the last one mean nothing.
static int begin(struct boxer_machine *machine, struct fibers *fibers) {
    uint32_t most = machine->run->tasks;
    if (most > BOXER_MOST_TASKS || most == 0)
        most = BOXER_MOST_TASKS;
    struct fiber *first = calloc(1, sizeof *first);
    fibers->thread_word = layout_thread_word();
    if (fibers_make_table(fibers, most - 1) < 0 || !first || !fibers->thread_word) {
        free(first);
        return -1;
    }
    fibers->own = (struct place){.top = machine->entry_top, .resident = first, .fibers = 1};
    first->place = &fibers->own;
    fibers->of[0] = fibers->current = first;
    fibers->most = most;
    fibers->places = 1;
    fibers->is_ending = 0;
    fibers->is_live = 1;
    return 0;
}

int fibers_ready(struct boxer_machine *machine) {
    struct fibers *fibers = machine->fibers;
    if (fibers && fibers->is_live)
        return 1;
    if (!fibers && !(fibers = make_fibers(machine)))
        return 0;
    return begin(machine, fibers) == 0;
}

struct fiber *fibers_find(const struct fibers *fibers, uint32_t id) {
    return id < fibers->room ? fibers->of[id] : NULL;
}

void fiber_free(struct fibers *fibers, struct fiber *fiber) {
    if (fiber->kept)
        fibers->kept -= fiber->kept_room + OF_A_FIBER;
    free(fiber->kept);
    free(fiber);
}

static void leave_place(struct fibers *fibers, struct place *place) {
    if (--place->fibers || !place->stack)
        return;
    fibers->places--;
    stack_give(place->stack);
    free(place);
}

// Of whoever is resumed: the frames may be a copy's, so all is looked up again.
void fibers_arrive(struct boxer_machine *machine) {
    fibers_set_top(machine, machine->fibers->current->place->top);
}

static void go_to(struct boxer_machine *machine, struct fiber *to) {
    struct fibers *fibers = machine->fibers;
    struct fiber *from = fibers->current;
    fibers_set_top(machine, 0);
    words_save(fibers->store_words, fibers->thread_word, &from->words);
    words_load(fibers->store_words, fibers->thread_word, &to->words);
    fibers->current = fibers->next = to;
    native_switch(&from->suspended,
                  to->place->resident == to ? to->suspended : fibers->scratch_suspended);
    fibers_arrive(machine);
}

// The run is over: `enter` has the last word, and is reached by whoever is on the thread's stack.
static void end(struct boxer_machine *machine) {
    machine->fibers->is_ending = 1;
    go_to(machine, machine->fibers->own.resident);
}

static void run_task(void *argument) {
    struct boxer_machine *machine = argument;
    wasmtime_val_raw_t value = {0};
    wasm_trap_t *trap = NULL;
    fibers_arrive(machine);
    value.i32 = (int32_t)machine->fibers->current->id;
    wasmtime_error_t *error = wasmtime.wasmtime_func_call_unchecked(
        machine->context, &machine->task_begin, &value, 1, &trap);
    machine_note_end(machine, error, trap, "a task's first function has returned");
    end(machine);
    abort(); // nobody goes on with it
}

static struct fiber *new_fiber(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    struct fiber *fiber = calloc(1, sizeof *fiber);
    struct place *place = calloc(1, sizeof *place);
    uint64_t size = (fibers->layout->stack + HOST_ROOM + 65535) / 65536 * 65536;
    int may = fiber && place && fibers->places < fibers->most;
    struct native_stack *stack = may ? stack_take(size) : NULL;
    if (!stack) {
        free(fiber);
        free(place);
        return NULL;
    }
    *place = (struct place){stack, (uintptr_t)stack->top, fiber, 1};
    *fiber = (struct fiber){.place = place, .words = fibers->layout->idle, .id = id};
    fiber->suspended = native_begin(stack->top, run_task, machine);
    fibers->of[id] = fiber;
    fibers->places++;
    return fiber;
}

// A fiber that is there can be gone on with, or a new one made.
int fibers_check_switch(struct boxer_machine *machine, uint32_t to) {
    struct fibers *fibers = machine->fibers;
    struct fiber *fiber = fibers_find(fibers, to);
    if (!fiber && to >= fibers->most)
        return -EINVAL;
    if (!fiber)
        return new_fiber(machine, to) ? 0 : -EAGAIN;
    struct fiber *resident = fiber->place->resident;
    if (resident == fiber)
        return 0;
    if (fibers_make_scratch(fibers) < 0)
        return -EAGAIN;
    return resident && !resident->is_dropped && fiber_make_room(machine, resident) < 0 ? -EAGAIN
                                                                                       : 0;
}

int fibers_switch(struct boxer_machine *machine, uint32_t to) {
    struct fibers *fibers = machine->fibers;
    if (fibers->of[to] == fibers->current) {
        fibers_arrive(machine);
        return 0;
    }
    fibers->current->answer = 0;
    go_to(machine, fibers->of[to]);
    return machine->fibers->current->answer;
}

int fibers_switch_with(struct boxer_machine *machine, uint32_t to) {
    fibers_set_top(machine, 0);
    int moved = space_move(machine);
    if (moved == 0)
        return fibers_switch(machine, to);
    fibers_arrive(machine);
    return 0; // the run is over
}

int fibers_check_drop(struct boxer_machine *machine, uint32_t id) {
    struct fiber *fiber = fibers_find(machine->fibers, id);
    return fiber && fiber != machine->fibers->current ? 0 : -EINVAL;
}

static void drop(struct fibers *fibers, struct fiber *fiber) {
    struct place *place = fiber->place;
    fibers->of[fiber->id] = NULL;
    fiber->is_dropped = 1;
    if (place->resident == fiber && !place->stack) {
        place->fibers--;
        return; // it ends the run, should it come to that
    }
    if (place->resident == fiber)
        place->resident = NULL;
    fiber_free(fibers, fiber);
    leave_place(fibers, place);
}

void fibers_drop(struct boxer_machine *machine, uint32_t id) {
    drop(machine->fibers, machine->fibers->of[id]);
}

void fibers_end(struct boxer_machine *machine) {
    struct fibers *fibers = machine->fibers;
    if (!fibers->is_live)
        return;
    for (uint32_t id = 0; id < fibers->room; id++)
        if (fibers->of[id])
            drop(fibers, fibers->of[id]);
    fiber_free(fibers, fibers->own.resident);
    if (fibers->scratch)
        stack_give(fibers->scratch);
    fibers->scratch = NULL;
    if (fibers->room > BOXER_MOST_TASKS) { // the next run has few, most likely
        free(fibers->of);
        fibers->of = NULL;
        fibers->room = 0;
    }
    fibers->is_live = fibers->is_ending = 0;
    fibers_set_top(machine, stack_bounds().top);
}

void fibers_free(struct fibers *fibers) {
    if (fibers)
        free(fibers->of);
    free(fibers);
}

struct asking {
    int (*attend)(struct boxer_outcome *);
    struct boxer_outcome *outcome;
    int answer;
};

static void ask(void *argument) {
    struct asking *asking = argument;
    asking->answer = asking->attend(asking->outcome);
}

void fibers_on_own_stack(struct boxer_machine *machine, void (*function)(void *), void *argument) {
    struct fibers *fibers = machine->fibers;
    if (fibers && fibers->is_live && fibers->current->place != &fibers->own)
        native_call_on((uint8_t *)fibers->own.resident->suspended - BELOW, function, argument);
    else
        function(argument);
}

int fibers_attend(struct boxer_machine *machine) {
    struct asking asking = {machine->run->attend, machine->outcome, 0};
    fibers_on_own_stack(machine, ask, &asking);
    return asking.answer;
}
