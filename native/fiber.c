// A machine's fibers: native stacks that its guest's tasks run on, one at a time.
//
// Fiber 0 is the call the machine was entered with, on the thread's own stack; each other one is a
// call of the export `boxer_task_begin` on a stack of ours, or a copy of a fiber, which then lives
// at the same addresses as the one it was copied from: a *place*. A place holds the frames of its
// resident; those of its other fibers are kept aside, and exchanged by code that runs on a scratch
// stack. What the engine keeps of a call (layout.c) goes with each fiber.
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
#include "fiber.h"
#include "space.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// HOST_ROOM: what host functions and handlers of signals need of a stack. SLACK: what is pushed
// between a look at the stack pointer and the switch.
// MOST_FIBERS: ids are below. OF_A_FIBER: what is counted of one beside its frames.
enum { HOST_ROOM = 512 << 10, SCRATCH = 64 << 10, SLACK = 4096, BELOW = 256 };
enum { MOST_FIBERS = 65536, FIRST_ROOM = 64, OF_A_FIBER = 512 };

struct place {
    struct native_stack *stack; // null: the thread's own
    uintptr_t top;
    struct fiber *resident;
    uint32_t fibers;
};

struct fiber {
    struct place *place;
    void *suspended;
    struct engine_words words;
    uint32_t id;
    int is_dropped, answer;
    uint8_t *kept; // its frames, while another is resident
    uint64_t kept_size, kept_room;
};

// next, copy: what the scratch stack is to do. of: by id, `room` of them. most: ids of fibers with
// stacks are below. kept: bytes, of all.
struct fibers {
    struct fiber **of, *current, *next, *copy;
    uint32_t most, room, places;
    uint64_t kept;
    int is_live, is_ending;
    struct place own;
    const struct layout *layout;
    uintptr_t *store_words, *thread_word;
    struct native_stack *scratch;
    void *scratch_suspended;
};

static void set_top(struct boxer_machine *machine, uintptr_t top) {
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
static int make_table(struct fibers *fibers, uint32_t id) {
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
    if (make_table(fibers, most - 1) < 0 || !first || !fibers->thread_word) {
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

static struct fiber *find(const struct fibers *fibers, uint32_t id) {
    return id < fibers->room ? fibers->of[id] : NULL;
}

static void free_fiber(struct fibers *fibers, struct fiber *fiber) {
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

static int may_keep(const struct boxer_machine *machine, uint64_t more) {
    uint64_t taken = wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory);
    taken += machine->fibers->kept;
    return taken < machine->memory_limit && more <= machine->memory_limit - taken;
}

// Room to keep a resident's frames in. Those of the current fiber go down to this call.
static int make_room(const struct boxer_machine *machine, struct fiber *fiber) {
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
            free_fiber(fibers, place->resident);
        else if (place->resident)
            keep_frames(place->resident, place->resident);
        memcpy(to->suspended, to->kept, to->kept_size);
        place->resident = to;
        native_switch(&fibers->scratch_suspended, to->suspended);
    }
}

static int make_scratch(struct fibers *fibers) {
    if (fibers->scratch)
        return 0;
    if (!(fibers->scratch = stack_take(SCRATCH)))
        return -1;
    fibers->scratch_suspended = native_begin(fibers->scratch->top, exchange, fibers);
    return 0;
}

// Of whoever is resumed: the frames may be a copy's, so all is looked up again.
static void arrive(struct boxer_machine *machine) {
    set_top(machine, machine->fibers->current->place->top);
}

static void go_to(struct boxer_machine *machine, struct fiber *to) {
    struct fibers *fibers = machine->fibers;
    struct fiber *from = fibers->current;
    set_top(machine, 0);
    words_save(fibers->store_words, fibers->thread_word, &from->words);
    words_load(fibers->store_words, fibers->thread_word, &to->words);
    fibers->current = fibers->next = to;
    native_switch(&from->suspended,
                  to->place->resident == to ? to->suspended : fibers->scratch_suspended);
    arrive(machine);
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
    arrive(machine);
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
    struct fiber *fiber = find(fibers, to);
    if (!fiber && to >= fibers->most)
        return -EINVAL;
    if (!fiber)
        return new_fiber(machine, to) ? 0 : -EAGAIN;
    struct fiber *resident = fiber->place->resident;
    if (resident == fiber)
        return 0;
    if (make_scratch(fibers) < 0)
        return -EAGAIN;
    return resident && !resident->is_dropped && make_room(machine, resident) < 0 ? -EAGAIN : 0;
}

int fibers_switch(struct boxer_machine *machine, uint32_t to) {
    struct fibers *fibers = machine->fibers;
    if (fibers->of[to] == fibers->current) {
        arrive(machine);
        return 0;
    }
    fibers->current->answer = 0;
    go_to(machine, fibers->of[to]);
    return machine->fibers->current->answer;
}

int fibers_switch_with(struct boxer_machine *machine, uint32_t to) {
    set_top(machine, 0);
    int moved = space_move(machine);
    if (moved == 0)
        return fibers_switch(machine, to);
    arrive(machine);
    return 0; // the run is over
}

int fibers_check_copy(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    if (id >= MOST_FIBERS || find(fibers, id))
        return -EINVAL;
    return make_table(fibers, id) < 0 || make_scratch(fibers) < 0 ? -EAGAIN : 0;
}

static struct fiber *new_copy(struct boxer_machine *machine, uint32_t id) {
    struct fibers *fibers = machine->fibers;
    struct fiber *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = (struct fiber){.place = fibers->current->place, .id = id, .answer = 1};
    copy->suspended = (uint8_t *)__builtin_frame_address(0) - SLACK; // at the lowest
    if (make_room(machine, copy) < 0) {
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
    set_top(machine, 0);
    words_save(fibers->store_words, fibers->thread_word, &copy->words);
    fibers->copy = copy;
    native_switch(&from->suspended, fibers->scratch_suspended);
    arrive(machine);
    return machine->fibers->current->answer;
}

int fibers_check_drop(struct boxer_machine *machine, uint32_t id) {
    struct fiber *fiber = find(machine->fibers, id);
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
    free_fiber(fibers, fiber);
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
    free_fiber(fibers, fibers->own.resident);
    if (fibers->scratch)
        stack_give(fibers->scratch);
    fibers->scratch = NULL;
    if (fibers->room > BOXER_MOST_TASKS) { // the next run has few, most likely
        free(fibers->of);
        fibers->of = NULL;
        fibers->room = 0;
    }
    fibers->is_live = fibers->is_ending = 0;
    set_top(machine, stack_bounds().top);
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

int fibers_attend(struct boxer_machine *machine) {
    struct asking asking = {machine->run->attend, machine->outcome, 0};
    struct fibers *fibers = machine->fibers;
    if (fibers && fibers->is_live && fibers->current->place != &fibers->own)
        native_call_on((uint8_t *)fibers->own.resident->suspended - BELOW, ask, &asking);
    else
        ask(&asking);
    return asking.answer;
}
