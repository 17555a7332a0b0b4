// Switching between tasks.
//
// Invariants
// 1. Between the host's call and thread_restore nothing on the C stack or in thread-local bytes is
//    read: locals here are the module's, not memory.
// 2. Thread-local variables of a program lie in the section "thread_local" at one address for all
//    threads: their bytes are exchanged at a switch, as registers are.
// 3. A task that has ended is freed by the one that goes on after it, never on its own stack.
#include "task/switch.h"
#include "host/host.h"
#include "mm/data.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "task/exit.h"
#include "task/fibers.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/slots.h"
#include "task/stackpointer.h"
#include "task/task.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>
#include <string.h>

static KERNEL_STATE uint8_t *initial; // thread-local bytes of a thread that begins
static KERNEL_STATE struct task *ended;
static KERNEL_STATE struct left_behind {
    int fiber; // -1: none
    struct space *space;
    struct fibers *fibers;
} left = {-1, NULL, NULL};
static KERNEL_STATE void (*begin_program)(void);
static KERNEL_STATE uint64_t switches;

#ifdef __wasm__

#define EXPORT(name) __attribute__((export_name(#name), used))

extern uint8_t __start_thread_local, __stop_thread_local;

__attribute__((section("thread_local"))) uintptr_t boxer_thread_pointer;

static uint8_t *block(void) {
    return &__start_thread_local;
}

static size_t block_size(void) {
    return (size_t)(&__stop_thread_local - &__start_thread_local);
}

static void *program_stack_top(void) {
    return (void *)program_stack_end();
}

#else // natively each fiber has a stack and thread-locals of its own

#define EXPORT(name) __attribute__((used))

uintptr_t boxer_thread_pointer;

static uint8_t *block(void) {
    return (uint8_t *)&boxer_thread_pointer;
}

static size_t block_size(void) {
    return sizeof boxer_thread_pointer;
}

static void *program_stack_top(void) {
    return NULL;
}

#endif

int thread_block_boot(void) {
    initial = kmalloc(block_size());
    if (!initial)
        return -ENOMEM;
    memcpy(initial, block(), block_size());
    return 0;
}

void *thread_block_of(struct task *task) {
    if (!task->thread_block)
        task->thread_block = kmalloc(block_size());
    return task->thread_block;
}

void thread_block_free(struct task *task) {
    kfree(task->thread_block);
    task->thread_block = NULL;
}

void thread_block_begin(struct task *task, uintptr_t pointer) {
    memcpy(task->thread_block, initial, block_size());
    size_t offset = (size_t)((uint8_t *)&boxer_thread_pointer - block());
    memcpy((uint8_t *)task->thread_block + offset, &pointer, sizeof pointer);
}

static void thread_save(struct task *task) {
    if (task->thread_block)
        memcpy(task->thread_block, block(), block_size());
}

static void thread_restore(struct task *task) {
    memcpy(block(), task->thread_block, block_size());
}

// What the task that has just left, or this one before it began a program, has left behind.
static void free_ended(void) {
    struct left_behind behind = left;
    left = (struct left_behind){-1, NULL, NULL};
    if (behind.fiber < 0)
        return;
    uint32_t space = behind.space ? behind.space->told.id : 0;
    if (space && !space_put(behind.space))
        space = 0;
    slots.drop(behind.fiber ? behind.fiber : -1, (int)space); // 0 is the host's own
    fibers_drop(behind.fibers, behind.fiber);
    if (ended)
        task_free(ended);
    ended = NULL;
}

#define KEPT_MOST 16384u

int stack_keep(struct task *task) {
    task->kept = kmalloc(KEPT_MOST);
    task->kept_top = current->call_stack;
    return task->kept ? 0 : -ENOMEM;
}

void stack_let_go(struct task *task) {
    kfree(task->kept);
    task->kept = NULL;
}

static inline void frames_save(struct task *task, void *stack) {
    size_t size = task->kept_top - (uintptr_t)stack;
    if (!stack || !task->kept || !task->kept_top)
        return;
    if (size > KEPT_MOST)
        host_abort();
    memcpy(task->kept, stack, size);
}

static inline void frames_restore(const struct task *task, void *stack) {
    if (stack && task->kept && task->kept_top)
        memcpy(stack, task->kept, task->kept_top - (uintptr_t)stack);
}

// A task goes on: its memory is in place, but for what the host cannot exchange.
static void arrive(void) {
    if (current->process->space != space_in_place) {
        space_enter(current->process->space);
        schedule_arrives();
    }
    if (!current->begins_program)
        thread_restore(current);
    free_ended();
}

uint64_t task_switches(void) {
    return switches;
}

__attribute__((noinline)) int task_switch(struct task *to) {
    struct task *from = current;
    struct space *space = to->process->space;
    void *stack = stack_pointer();
    uintptr_t leave = 0, enter = 0;
    thread_save(from);
    frames_save(from, stack);
    usage_charge();
    if (space != space_in_place) {
        schedule_leaves();
        space_leave();
        leave = (uintptr_t)&space_in_place->told;
        enter = (uintptr_t)&space->told;
    }
    switches++;
    from->switches[from->state == TASK_WAITS]++;
    current = to;
    int error = slots.change(to->fiber, (int)leave, (int)enter);
    if (error < 0) {
        current = from;
        return error;
    }
    set_stack_pointer(stack);
    frames_restore(current, stack);
    arrive();
    return 0;
}

__attribute__((noinline)) int task_fork(struct task *copy, uintptr_t from, uint32_t space) {
    void *stack = stack_pointer();
    memcpy(copy->thread_block, block(), block_size());
    frames_save(copy, stack);
    int result = slots.fork(copy->fiber, (int)from, (int)space);
    if (result > 0) {
        set_stack_pointer(stack);
        frames_restore(current, stack);
        arrive();
        stack_let_go(current);
    }
    return result;
}

void thread_block_copy(struct task *to) {
    memcpy(to->thread_block, block(), block_size());
}

void task_on_program(void (*begin)(void)) {
    begin_program = begin;
}

int task_begin_program(int fiber, struct space *space) {
    struct process *process = current->process;
    int old_fiber = current->fiber;
    struct space *old = process->space;
    left = (struct left_behind){old_fiber, old, current->fibers};
    current->fiber = fiber;
    current->fibers = NULL;
    current->stack = NULL;
    current->stack_end = 0;
    current->begins_program = current->is_new = 1;
    thread_block_begin(current, 0);
    process->space = space;
    schedule_leaves();
    space_leave();
    int error = slots.change(fiber, (int)(uintptr_t)&old->told, (int)(uintptr_t)&space->told);
    current->fibers = left.fibers;
    left = (struct left_behind){-1, NULL, NULL};
    current->fiber = old_fiber;
    current->begins_program = current->is_new = 0;
    process->space = old;
    return error;
}

_Noreturn void task_switch_for_good(struct task *to) {
    struct process *process = current->process;
    ended = current;
    left = (struct left_behind){current->fiber, NULL, NULL};
    if (!process->leader) { // a zombie: nobody needs its memory
        left.space = process->space;
    }
    task_switch(to);
    host_abort(); // nobody comes back to a task that has ended
}

// What clone(2) is given at the top of a new stack.
struct beginning {
    int (*function)(void *);
    void *argument;
    uintptr_t stack_end;
};

static int begin(struct task *task) {
    struct beginning beginning;
    memcpy(&beginning, task->stack, sizeof beginning);
    task->stack_end = beginning.stack_end;
    task->is_new = 0;
    return task->is_killed ? 0 : beginning.function(beginning.argument);
}

static _Noreturn void run_program(void) {
    current->begins_program = current->is_new = 0;
    begin_program();
    process_exit(0); // it ends itself
}

__attribute__((noinline, used)) static void begin_on_fiber(void) {
    arrive();
    if (current->begins_program)
        run_program();
    task_exit(begin(current));
}

// Has nothing on the C stack itself: there is none yet.
EXPORT(boxer_task_begin) void boxer_task_begin(int fiber) {
    (void)fiber;
    set_stack_pointer(current->stack ? current->stack : program_stack_top());
    begin_on_fiber();
}

__attribute__((noinline)) void task_run_nested(struct task *task) {
    struct task *below = current;
    void *stack = stack_pointer();
    thread_save(below);
    current = task;
    task->is_nested = 1;
    task->state = TASK_RUNS;
    thread_restore(task);
    set_stack_pointer(task->stack);
    begin(task);
    set_stack_pointer(stack);
    if (task->state != TASK_ENDED)
        task_end();
    current = below;
    thread_restore(below);
    task_free(task);
}

void stack_mark(void) {
    current->call_stack = (uintptr_t)stack_pointer();
}

void stack_check(void) {
    static const char told[] = "boxer: a thread has used up its stack (pthread_attr_setstacksize, "
                               "threading.stack_size): segmentation fault\n";
    if (!current->stack_end || (uintptr_t)__builtin_frame_address(0) >= current->stack_end)
        return;
    host_write(2, told, sizeof told - 1);
    process_die(LINUX_SIGSEGV);
}
