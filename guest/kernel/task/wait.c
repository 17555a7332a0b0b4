// The one place where a program sleeps.
//
// Invariants
// 1. Readiness is looked at before signals, signals before the deadline: as poll(2) does.
// 2. A sleep ends at the earliest of the deadline, the next timer, a host descriptor's readiness,
//    and a signal of the host.
// 3. Without any of the four the wait is refused (wait.h).
#include "task/wait.h"
#include "host/host.h"
#include "task/arrived.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/file.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>

// Host descriptors watched in one sleep: stdio and what the host grants, a handful.
#define HOST_WATCHED 16
#define LONG_SLEEP_NS 3600000000000
#define READABLE (LINUX_POLLIN | LINUX_POLLRDNORM)

void wait_thaw(void) {
    current->waiting = (struct waiting){0};
}

void kernel_on_wait(int (*another)(int64_t *), int (*nothing)(void)) {
    current->process->company = (struct company){another, nothing};
}

int wait_lets_run(int64_t *until_ns) {
    int (*run_another)(int64_t *) = current->process->company.run_another;
    return run_another && run_another(until_ns);
}

int wait_has_company(void) {
    return wait_lets_run(NULL);
}

static int refuse(void) {
    struct waiting *waiting = &current->waiting;
    if (waiting->may_give_up)
        return -EAGAIN;
    static const char told[] =
        "boxer: the program waits for something that nothing in this box can "
        "bring about (one thread, no timer, no host descriptor)\n";
    int (*nothing_left)(void) = current->process->company.nothing_left;
    int interrupted = waiting->may_interrupt && nothing_left && nothing_left();
    if (++waiting->deadlocks < WAIT_DEADLOCKS && interrupted)
        return -EINTR;
    if (!waiting->deadlock_told) {
        waiting->deadlock_told = 1;
        host_write(2, told, sizeof told - 1);
    }
    if (waiting->deadlocks >= WAIT_DEADLOCKS)
        process_exit(WAIT_DEADLOCK_STATUS);
    return -EDEADLK;
}

static size_t host_watches(struct wait_entry *entries, unsigned count, struct host_poll *polls) {
    size_t watched = 0;
    for (unsigned i = 0; i < count && watched + 2 <= HOST_WATCHED; i++) {
        struct file *file = entries[i].file;
        int hfd = file && file->ops->host_descriptor ? file->ops->host_descriptor(file) : -1;
        if (hfd < 0)
            continue;
        if (entries[i].events & READABLE)
            polls[watched++] = (struct host_poll){.hfd = hfd};
        if (entries[i].events & (LINUX_POLLOUT | LINUX_POLLWRNORM))
            polls[watched++] = (struct host_poll){.hfd = hfd, .want_write = 1};
    }
    return watched;
}

// Only a timer that a waiter hears of counts: one that nobody watches cannot end the wait.
static int64_t next_wake(struct wait_entry *entries, unsigned count, int64_t deadline_ns) {
    int64_t wake = timers_next(current->process, signal_wakeable());
    if (deadline_ns < wake)
        wake = deadline_ns;
    for (unsigned i = 0; i < count; i++) {
        struct file *file = entries[i].file;
        if (!file || !file->ops->wakes_at || !(entries[i].events & READABLE))
            continue;
        int64_t own = file->ops->wakes_at(file);
        if (own < wake)
            wake = own;
    }
    return wake;
}

int wait_sleep(struct wait_entry *entries, unsigned count, int64_t deadline_ns) {
    struct host_poll polls[HOST_WATCHED];
    size_t watched = host_watches(entries, count, polls);
    int64_t wake = next_wake(entries, count, deadline_ns);
    if (wake == INT64_MAX && watched == 0 && !signals_may_arrive(count))
        return refuse();
    int64_t before = clock_monotonic();
    int64_t timeout = wake == INT64_MAX ? -1 : wake > before ? wake - before : 0;
    if (timeout < 0 && watched == 0)
        timeout = LONG_SLEEP_NS; // the host's signal ends it
    int result = host_poll(polls, watched, timeout);
    clock_slept(clock_monotonic() - before);
    current->waiting.deadlocks = 0;
    return result < 0 && result != -EINTR ? result : 0;
}

int wait_on(struct wait *wait) {
    for (;;) {
        timers_run();
        int ready = wait->check(wait);
        if (ready)
            return ready;
        if (signal_pending())
            return -EINTR;
        if (wait->deadline_ns != INT64_MAX && clock_monotonic() >= wait->deadline_ns)
            return 0;
        int64_t until_ns = wait->deadline_ns;
        if (wait_lets_run(&until_ns))
            continue;
        int result = wait_sleep(wait->entries, wait->count, until_ns);
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

int wait_futex(int64_t deadline_ns) {
    int64_t until_ns = deadline_ns;
    if (wait_lets_run(&until_ns))
        return 1;
    current->waiting.may_interrupt = 1;
    int result = wait_until(until_ns);
    current->waiting.may_interrupt = 0;
    return result == 0 && until_ns < deadline_ns ? 1 : result;
}
