// The scheduler.
//
// Invariants
// 1. A task is in the queue if and only if its state is TASK_READY. Who readies another one goes on
//    itself: it yields when its own turn is over.
// 2. Waits for files are looked at when something has happened in the kernel since (schedule_stir),
//    at a tick, and every LOOK_EVERY switches. They are looked at as the task that waits: what it
//    is ready for may be its own (signalfd).
// 3. The host sleeps only when every task waits, once, for all of them.
// 4. Who only computes keeps its turn longer where an exchange of memories takes long: a tick
// brings
//    in another process only when it has waited for something, or when the slice is over. Threads
//    of the process in place take turns meanwhile.
// 5. Who was woken for a lock between processes that another has taken meanwhile would only look,
//    and wait again, for two exchanges of memories: others go first, MOST_PASSED times.
// 6. Without a host that switches stacks (`alone`) a new task runs to its end on top of the one
//    that waits, and one below another cannot go on before that one has ended.
#include "task/schedule.h"
#include "host/host.h"
#include "mm/space.h"
#include "outside/outside.h"
#include "task/futex.h"
#include "task/process.h"
#include "task/sleep.h"
#include "task/slots.h"
#include "task/switch.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "time/timer.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>

#define LOOK_EVERY 64u
#define SLICE_EXCHANGES 20 // so many times as long as the exchange took that began it: 5 % at most
#define LONGEST_SLICE_NS 50000000
#define MOST_PASSED 64u

static KERNEL_STATE struct task *first, **last = &first;
static KERNEL_STATE unsigned readied; // length of the queue
static KERNEL_STATE unsigned unlooked;
static KERNEL_STATE int stirred, alone;
static KERNEL_STATE int64_t left_ns, slice_ends_ns; // left: when an exchange began

void schedule_thaw(void) {
    first = NULL;
    last = &first;
    readied = 0;
    alone = 0;
    left_ns = slice_ends_ns = 0;
    boxer_tasks.due = boxer_tasks.others = 0;
}

void schedule_stir(void) {
    stirred = 1;
}

int schedule_is_due(void) {
    return *(volatile uint32_t *)&boxer_tasks.due != 0;
}

// Whom a tick could be of use to while nobody but this task runs; itself, where a timer's signal
// may be for it.
static void tell_others(const struct task *running) {
    unsigned others =
        readied + (unsigned)running->process->ticks_wanted + (unsigned)timers_signal();
    for (const struct task *task = tasks; task && tasks->next; task = task->next)
        others += task != running && task->state == TASK_WAITS && wait_is_timed(&task->waiting);
    boxer_tasks.others = others;
}

void schedule_tells_host(void) {
    tell_others(current);
}

void kernel_want_ticks(int more) {
    current->process->ticks_wanted += more;
}

int schedule_is_alone(void) {
    return alone;
}

int schedule_has_others(void) {
    return tasks->next != NULL;
}

static void enqueue(struct task *task) {
    task->state = TASK_READY;
    task->next_ready = NULL;
    *last = task;
    last = &task->next_ready;
    readied++;
}

void task_ready(struct task *task) {
    if (task->state != TASK_WAITS)
        return;
    task->is_late = 1;
    enqueue(task);
    boxer_tasks.others++;
}

// Takes it out of the queue, wherever it stands.
static void dequeue(struct task *task) {
    struct task **link = &first;
    while (*link != task)
        link = &(*link)->next_ready;
    *link = task->next_ready;
    if (!*link)
        last = link;
    readied--;
    task->state = TASK_RUNS;
    task->is_late = 0;
}

void schedule_leaves(void) {
    left_ns = clock_monotonic();
}

void schedule_arrives(void) {
    int64_t now = clock_monotonic(), slice = (now - left_ns) * SLICE_EXCHANGES;
    slice_ends_ns = now + (slice < LONGEST_SLICE_NS ? slice : LONGEST_SLICE_NS);
}

// The first that shares the memory in place, before others that only compute; null: any.
static struct task *in_slice(void) {
    struct task *found = NULL;
    for (struct task *task = first; task; task = task->next_ready) {
        if (task->process->space == space_in_place)
            found = found ? found : task;
        else if (task->is_late)
            return NULL;
    }
    return found && clock_monotonic() < slice_ends_ns ? found : NULL;
}

static int is_vain(const struct task *task) {
    return task->waiting.passed < MOST_PASSED && !task->is_killed && futex_is_vain(task);
}

// The first that has something to do; else the first.
static struct task *first_of_use(void) {
    struct task *task = first;
    while (task && is_vain(task))
        task = task->next_ready;
    if (!task)
        return first;
    for (struct task *vain = first; vain != task; vain = vain->next_ready)
        vain->waiting.passed++;
    return task;
}

// The first that can go on from here; null: none.
static struct task *choose(void) {
    struct task *task = alone ? first : first_of_use();
    while (alone && task && task != current && !task->is_new)
        task = task->next_ready;
    struct task *other = task && task->process->space != space_in_place ? in_slice() : NULL;
    return other && !alone ? other : task;
}

static void look(void) {
    if (schedule_is_due()) // many may run before one sleeps
        outside_look();
    stirred = 0;
    unlooked = 0;
    boxer_tasks.due = 0;
    timers_run();
    for (struct task *task = tasks; task; task = task->next)
        if (task->state == TASK_WAITS && !task->is_new && wait_is_over(task))
            task_ready(task);
}

static int must_look(void) {
    return stirred || schedule_is_due() || ++unlooked >= LOOK_EVERY;
}

// Goes on with another task. 0 when this one is to go on, maybe for nothing.
static int go_on_with(struct task *task) {
    static const char told[] = "boxer: the host has no stack for another thread\n";
    dequeue(task);
    tell_others(task);
    int error = alone ? -ENOSYS : task_switch(task);
    if (!error)
        return 0;
    if (error != -ENOSYS) {
        host_write(2, told, sizeof told - 1);
        host_exit(125);
    }
    alone = 1;
    if (task->is_new)
        task_run_nested(task);
    else
        enqueue(task);
    return 0;
}

// Until the current task is to go on. It is in the queue, or waits.
static int pass_on(void) {
    for (;;) {
        if (must_look())
            look();
        struct task *task = choose();
        if (task == current) {
            dequeue(task);
            tell_others(task);
            return 0;
        }
        if (task)
            return go_on_with(task);
        int error = sleep_for_all(alone);
        if (error)
            return error;
        schedule_stir();
    }
}

// However it came to go on: it waits no more.
static int back(int result) {
    if (current->state == TASK_READY)
        dequeue(current);
    current->state = TASK_RUNS;
    return result;
}

int task_block(void) {
    current->state = TASK_WAITS;
    stirred |= !current->waiting.is_futex; // its call has done something, maybe

    if (!tasks->next) { // nobody else: it looks itself
        current->state = TASK_RUNS;
        return sleep_for_all(0);
    }
    return back(pass_on());
}

void task_yield(void) {
    if (schedule_is_due())
        look();
    if (!first) {
        tell_others(current);
        return;
    }
    enqueue(current);
    back(pass_on());
}

_Noreturn void task_leave(void) {
    current->state = TASK_ENDED;
    for (;;) {
        if (must_look())
            look();
        if (first) {
            struct task *task = first;
            dequeue(task);
            tell_others(task);
            task_switch_for_good(task);
        }
        if (sleep_for_all(0))
            process_exit(WAIT_DEADLOCK_STATUS);
        schedule_stir();
    }
}
