// Fibers that a task's program switches between by itself.
//
// A fiber begins as a copy of the one that runs, frames and all, at the same addresses: what of a
// stack lies in linear memory is the program's to save, as it is where it slices stacks natively.
//
// Invariants
// 1. A task whose program has never asked for a fiber has none of this: `fibers` is null, and its
//    one fiber is `task->fiber`.
// 2. A number means the same fiber of a process and of its copy; ids, which are the host's, differ.
// 3. Behind a call of a slot nothing is read from the C stack, which is another fiber's by then:
//    locals are the module's, and what is left for others lies in `copying`.
// 4. Where fibers that waited are dropped with their task going on, their numbers are not used
// again:
//    a program may still have them.
// 5. `own`, the task's first fiber or the copy a fork began, is dropped when the task ends, never
//    before: its id is what the tasks' limit counts.
#include "task/fibers.h"
#include "host/host.h"
#include "mm/bitmap.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/slots.h"
#include "task/stackpointer.h"
#include "task/task.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define FIRST_ID 4096 // those below are tasks'
#define END_OF_IDS 65536
#define FIRST_ROOM 8

struct fibers {
    int own, running, room;
    uint32_t base;
    int of[]; // ids by number - base; -1: none
};

static KERNEL_STATE uint32_t next_base;

static KERNEL_STATE uint64_t ids[(END_OF_IDS - FIRST_ID) / 64]; // that are in use
static KERNEL_STATE size_t lowest;                              // none below is free

// What a fiber that waits is asked for instead of going on: a copy of it.
static KERNEL_STATE struct {
    int id; // 0: nothing
    int back, error;
} copying;

static int new_id(void) {
    size_t end = END_OF_IDS - FIRST_ID, bit = next_bit(ids, lowest, end, 0);
    if (bit == end)
        return -EAGAIN;
    set_bits(ids, bit, bit + 1, 1);
    lowest = bit + 1;
    return FIRST_ID + (int)bit;
}

static void give_id(int id) {
    size_t bit = (size_t)(id - FIRST_ID);
    if (id < FIRST_ID)
        return;
    set_bits(ids, bit, bit + 1, 0);
    if (bit < lowest)
        lowest = bit;
}

static void drop(int id) {
    slots.drop(id, 0);
    give_id(id);
}

int fibers_has(const struct task *task, int fiber) {
    return (task->fibers ? task->fibers->own : task->fiber) == fiber;
}

unsigned fibers_waiting(const struct task *task) {
    unsigned count = 0;
    for (int i = 0; task->fibers && i < task->fibers->room; i++)
        count += i != task->fibers->running && task->fibers->of[i] >= 0;
    return count;
}

static struct fibers *make(int room, int own) {
    struct fibers *fibers = kmalloc(sizeof *fibers + (size_t)room * sizeof fibers->of[0]);
    if (!fibers)
        return NULL;
    *fibers = (struct fibers){.own = own, .room = room, .base = next_base};
    memset(fibers->of, -1, (size_t)room * sizeof fibers->of[0]);
    return fibers;
}

static struct fibers *grown(struct fibers *old) {
    struct fibers *fibers = make(old->room * 2, old->own);
    if (!fibers)
        return NULL;
    fibers->running = old->running;
    fibers->base = old->base;
    memcpy(fibers->of, old->of, (size_t)old->room * sizeof old->of[0]);
    kfree(old);
    return fibers;
}

// A number that is free, or -ENOMEM.
static int reserve(struct task *task) {
    if (!task->fibers) {
        if (!(task->fibers = make(FIRST_ROOM, task->fiber)))
            return -ENOMEM;
        task->fibers->of[0] = task->fiber;
    }
    for (int i = 0; i < task->fibers->room; i++)
        if (task->fibers->of[i] < 0)
            return i;
    int number = task->fibers->room;
    struct fibers *fibers = grown(task->fibers);
    if (!fibers)
        return -ENOMEM;
    task->fibers = fibers;
    return number;
}

// Of a fiber that somebody has gone on with: it copies itself as long as that is what it is for.
static void arrive(void) {
    while (copying.id) {
        int id = copying.id;
        copying.id = 0;
        int error = slots.fork(id, 0, 0);
        if (error > 0)
            continue; // in the copy, which somebody has gone on with
        copying.error = error;
        slots.change(copying.back, 0, 0);
    }
}

static KERNEL_STATE int dead; // id of a fiber that is done; 0: none

static void bury(void) {
    int id = dead;
    dead = 0;
    if (id)
        drop(id);
}

__attribute__((noinline)) static int go_on_with(int id) {
    void *stack = stack_pointer();
    int error = slots.change(id, 0, 0);
    if (error < 0)
        return error;
    arrive();
    set_stack_pointer(stack);
    bury();
    return 0;
}

// The copy goes on, as the new fiber: 0 there. 1 in the one it was made of, once that is gone on
// with; -errno: nothing has happened.
__attribute__((noinline)) static int part(int id) {
    void *stack = stack_pointer();
    int error = slots.fork(id, 0, 0);
    if (error > 0)
        return 0;
    if (!error)
        error = slots.change(id, 0, 0);
    if (error < 0)
        return error;
    arrive();
    set_stack_pointer(stack);
    bury();
    return 1;
}

static int failed(int error) {
    static const char unable[] =
        "boxer: a greenlet needs a host that can copy native stacks, as `boxer run` does\n";
    static const char full[] = "boxer: no room for the stack of another greenlet: the run's limit "
                               "of memory, or 60,000 of them\n";
    if (error == -ENOSYS)
        host_write(2, unable, sizeof unable - 1);
    else
        host_write(2, full, sizeof full - 1);
    return error;
}

static _Noreturn void fail(void) {
    static const char gone[] =
        "boxer: a greenlet cannot go on that had not finished when its call or its fork ended\n";
    host_write(2, gone, sizeof gone - 1);
    process_die(LINUX_SIGABRT);
}

int kernel_fiber(void) {
    const struct fibers *fibers = current->fibers;
    return (int)(fibers ? fibers->base + (uint32_t)fibers->running : next_base);
}

int kernel_fiber_begin(void) {
    struct task *task = current;
    int number = reserve(task);
    int id = number < 0 ? number : new_id();
    if (id < 0)
        return failed(id);
    int was_running = task->fibers->running, was = task->fiber;
    task->fibers->of[number] = id;
    task->fibers->running = number;
    task->fiber = id;
    int result = part(id);
    if (result >= 0)
        return result;
    task->fiber = was;
    task->fibers->running = was_running;
    task->fibers->of[number] = -1;
    drop(id); // the host may have made it and not have gone on with it
    return failed(result);
}

void kernel_fiber_switch(int number, int for_good) {
    struct task *task = current;
    struct fibers *fibers = task->fibers;
    uint32_t index = (uint32_t)number - (fibers ? fibers->base : 0);
    if (!fibers || index >= (uint32_t)fibers->room || fibers->of[index] < 0)
        fail();
    int was = task->fiber, was_running = fibers->running;
    fibers->running = (int)index;
    task->fiber = fibers->of[index];
    if (for_good && was != fibers->own) {
        fibers->of[was_running] = -1;
        dead = was;
    }
    int error = go_on_with(task->fiber);
    if (error < 0) {
        failed(error); // its memory is in place, not this one's
        process_die(LINUX_SIGABRT);
    }
}

unsigned kernel_fibers(void) {
    return fibers_waiting(current);
}

void kernel_end_fibers(void) {
    if (!current->fibers || current->fiber != current->fibers->own)
        return;
    if (fibers_waiting(current))
        next_base = current->fibers->base + (uint32_t)current->fibers->room;
    fibers_end(current);
}

static int copy(const struct task *from, int id) {
    int made = new_id();
    if (made < 0)
        return made;
    copying.id = made;
    copying.back = from->fiber;
    copying.error = 0;
    int error = go_on_with(id);
    copying.id = 0;
    if (!error)
        error = copying.error;
    if (error < 0) {
        give_id(made);
        return error;
    }
    return made;
}

int fibers_copy(struct task *to) {
    struct task *from = current;
    struct fibers *fibers = from->fibers;
    if (!fibers)
        return 0;
    if (!(to->fibers = make(fibers->room, to->fiber)))
        return -ENOMEM;
    to->fibers->running = fibers->running;
    to->fibers->base = fibers->base;
    to->fibers->of[fibers->running] = to->fiber;
    for (int i = 0; i < fibers->room; i++) {
        if (i == fibers->running || fibers->of[i] < 0)
            continue;
        int made = copy(from, fibers->of[i]);
        if (made < 0) {
            fibers_end(to);
            return made;
        }
        to->fibers->of[i] = made;
    }
    return 0;
}

void fibers_drop(struct fibers *fibers, int but) {
    if (!fibers)
        return;
    for (int i = 0; i < fibers->room; i++)
        if (fibers->of[i] > 0 && fibers->of[i] != but) // 0 is the host's own
            drop(fibers->of[i]);
    give_id(but);
    kfree(fibers);
}

void fibers_end(struct task *task) {
    fibers_drop(task->fibers, task->fiber);
    task->fibers = NULL;
}
