// What a task waits for, and what ends that.
//
// Invariants
// 1. Readiness is looked at before signals, signals before the deadline: as poll(2) does.
// 2. While another task runs, what this one waits for lies in the kernel's memory.
// 3. A wait may end for nothing: who waits looks again.
#include "task/wait.h"
#include "mm/slab.h"
#include "outside/outside.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/file.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <string.h>

static KERNEL_STATE struct task *waiters; // for keys, the first that waits first

void wait_thaw(void) {
    current->waiting = (struct waiting){0};
    waiters = NULL;
    schedule_thaw();
}

int wait_is_timed(const struct waiting *waiting) {
    return waiting->count || waiting->deadline_ns != INT64_MAX;
}

static int any_ready(const struct waiting *waiting) {
    for (unsigned i = 0; i < waiting->count; i++) {
        const struct wait_entry *entry = &waiting->entries[i];
        if (!entry->file)
            continue;
        unsigned always = LINUX_POLLERR | LINUX_POLLHUP;
        if (!entry->file->ops->poll ||
            (entry->file->ops->poll(entry->file) & (entry->events | always)))
            return 1;
    }
    return 0;
}

static int is_interrupted(void) {
    return current->is_killed || (!current->waiting.is_deaf && signal_pending());
}

int wait_is_over(struct task *task) {
    struct task *me = current;
    if (task->process->is_stopped)
        return task->is_killed;
    current = task;
    int over =
        task->waiting.is_woken || is_interrupted() || any_ready(&task->waiting) ||
        (task->waiting.deadline_ns != INT64_MAX && clock_monotonic() >= task->waiting.deadline_ns);
    current = me;
    return over;
}

// The entries where others can see them. 0 or -ENOMEM.
static int show(struct wait_entry *entries, unsigned count) {
    struct waiting *waiting = &current->waiting;
    waiting->entries = entries;
    waiting->count = count;
    if (!count || !schedule_has_others())
        return 0;
    struct wait_entry *copy = count <= WAIT_FEW ? waiting->few : kmalloc(count * sizeof *entries);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, entries, count * sizeof *entries);
    waiting->entries = copy;
    return 0;
}

static void forget(const struct wait_entry *entries) {
    struct waiting *waiting = &current->waiting;
    if (waiting->entries != entries && waiting->entries != waiting->few)
        kfree(waiting->entries);
    waiting->entries = NULL;
    waiting->count = 0;
    waiting->deadline_ns = INT64_MAX;
}

int wait_sleep(struct wait_entry *entries, unsigned count, int64_t deadline_ns) {
    int error = show(entries, count);
    if (error)
        return error;
    current->waiting.deadline_ns = deadline_ns;
    int result = task_block();
    forget(entries);
    return result;
}

int wait_on(struct wait *wait) {
    if (wait->count) // what is ready already must not hide what has come from outside
        outside_look();
    for (;;) {
        timers_run();
        int ready = wait->check(wait);
        if (ready)
            return ready;
        if (is_interrupted())
            return -EINTR;
        if (wait->deadline_ns != INT64_MAX && clock_monotonic() >= wait->deadline_ns)
            return 0;
        int result = wait_sleep(wait->entries, wait->count, wait->deadline_ns);
        if (result < 0)
            return result;
    }
}

static int nothing(struct wait *wait) {
    (void)wait;
    return 0;
}

int wait_until(int64_t deadline_ns) {
    return wait_on(&(struct wait){.check = nothing, .deadline_ns = deadline_ns});
}

static int is_woken(struct wait *wait) {
    (void)wait;
    return current->waiting.is_woken;
}

static void join(struct task *task) {
    struct task **link = &waiters;
    while (*link)
        link = &(*link)->waiting.next;
    task->waiting.next = NULL;
    *link = task;
}

static void leave(struct task **link) {
    *link = (*link)->waiting.next;
}

static void leave_if_waiting(struct task *task) {
    struct task **link = &waiters;
    while (*link && *link != task)
        link = &(*link)->waiting.next;
    if (*link)
        leave(link);
}

int wait_for_key(struct wait_key key, int64_t deadline_ns, int futex) {
    struct waiting *waiting = &current->waiting;
    waiting->key = key;
    waiting->is_woken = 0;
    waiting->passed = 0;
    waiting->is_futex = futex;
    join(current);
    int result = wait_on(&(struct wait){.check = is_woken, .deadline_ns = deadline_ns});
    leave_if_waiting(current);
    waiting->key.address = NULL;
    waiting->is_woken = waiting->is_futex = 0;
    return result;
}

static int is_for(const struct task *task, struct wait_key key) {
    const struct wait_key *own = &task->waiting.key;
    return own->address == key.address && own->space == key.space && (own->bits & key.bits);
}

int wake_and_move(struct wait_key key, int most, struct wait_key to, int moved) {
    int found = 0, woken = 0;
    struct task *movers = NULL, **last = &movers;
    for (struct task **link = &waiters; *link && found < most + moved;) {
        struct task *task = *link;
        if (!is_for(task, key)) {
            link = &task->waiting.next;
            continue;
        }
        leave(link);
        found++;
        if (woken < most) {
            woken++;
            task->waiting.is_woken = 1;
            task_ready(task);
            continue;
        }
        task->waiting.key.space = to.space;
        task->waiting.key.address = to.address;
        task->waiting.next = NULL;
        *last = task;
        last = &task->waiting.next;
    }
    struct task **end = &waiters;
    while (*end)
        end = &(*end)->waiting.next;
    *end = movers;
    return found;
}

int wake_key(struct wait_key key, int most) {
    return wake_and_move(key, most, key, 0);
}

int wait_for(const void *channel, int64_t deadline_ns) {
    return wait_for_key((struct wait_key){NULL, channel, 1, 0}, deadline_ns, 0);
}

void wake_all(const void *channel) {
    wake_key((struct wait_key){NULL, channel, 1, 0}, INT32_MAX);
}

int wait_deaf(const void *channel) {
    current->waiting.is_deaf = 1;
    int result = wait_for(channel, INT64_MAX);
    current->waiting.is_deaf = 0;
    return result < 0 ? result : 0;
}
