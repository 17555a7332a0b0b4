// The one place where the program sleeps.
//
// Invariants
// 1. Readiness is looked at before signals, signals before the deadline: as poll(2) does.
// 2. A sleep ends at the earliest of the deadline, the next timer, and a host descriptor's
// readiness.
// 3. Without any of the three the wait is refused (wait.h).
#include "wait.h"
#include "file.h"
#include "host.h"
#include "process.h"
#include "timer.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <string.h>

// Host descriptors watched in one sleep: stdio and what the host grants, a handful.
#define HOST_WATCHED 16
#define READABLE (LINUX_POLLIN | LINUX_POLLRDNORM)

static KERNEL_STATE const struct kernel_waits *others;
static KERNEL_STATE unsigned turns; // of others, so far
static KERNEL_STATE int deadlock_told;
static KERNEL_STATE unsigned deadlocks;

void wait_thaw(void) {
    deadlock_told = 0;
    deadlocks = 0;
}

void kernel_on_wait(const struct kernel_waits *waits) {
    others = waits;
}

static int give_way(int64_t deadline_ns, int host_may_end_it) {
    int came_to = others ? others->give_way(deadline_ns, host_may_end_it) : KERNEL_NOBODY_RAN;
    turns += came_to == KERNEL_OTHERS_RAN;
    return came_to;
}

unsigned wait_poll(struct file *file, unsigned events) {
    unsigned always = LINUX_POLLERR | LINUX_POLLHUP;
    unsigned ready = LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDNORM | LINUX_POLLWRNORM;
    if (file->ops->poll)
        ready = file->ops->poll(file);
    return ready & (events | always);
}

// How a wait that nothing can end is refused: told; a futex's, whose program can be told by an
// interruption; wait_more's, which is content with what it has.
enum refusal { TOLD, INTERRUPTED, CONTENT };

static int refuse(enum refusal how) {
    if (how == CONTENT)
        return -EAGAIN;
    static const char told[] =
        "boxer: the program waits for something that nothing in this box can "
        "bring about (one thread, no timer, no host descriptor)\n";
    int interrupted = how == INTERRUPTED && others && others->nothing_left();
    if (++deadlocks < WAIT_DEADLOCKS && interrupted)
        return -EINTR;
    if (!deadlock_told) {
        deadlock_told = 1;
        host_write(2, told, sizeof told - 1);
    }
    if (deadlocks >= WAIT_DEADLOCKS)
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
    int64_t wake = timers_next(signal_wakeable());
    int64_t of_others = others ? others->next_deadline() : INT64_MAX;
    if (deadline_ns < wake)
        wake = deadline_ns;
    if (of_others < wake)
        wake = of_others;
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

static int sleep_once(struct wait_entry *entries, unsigned count, int64_t deadline_ns,
                      enum refusal how) {
    struct host_poll polls[HOST_WATCHED];
    size_t watched = host_watches(entries, count, polls);
    int64_t wake = next_wake(entries, count, deadline_ns);
    if (wake == INT64_MAX && watched == 0)
        return refuse(how);
    int64_t before = clock_monotonic();
    int64_t timeout = wake == INT64_MAX ? -1 : wake > before ? wake - before : 0;
    int result = host_poll(polls, watched, timeout);
    clock_slept(clock_monotonic() - before);
    deadlocks = 0;
    return result < 0 && result != -EINTR ? result : 0;
}

// A futex's wait: whoever ran may have changed its word.
struct futex_wait {
    struct wait wait;
    unsigned turns;
};

static int others_have_run(struct wait *wait) {
    return turns != ((struct futex_wait *)wait)->turns;
}

static int wait_held(struct wait *wait) {
    for (;;) {
        timers_run();
        int ready = wait->check(wait);
        if (ready)
            return ready;
        if (signal_pending())
            return -EINTR;
        if (wait->deadline_ns != INT64_MAX && clock_monotonic() >= wait->deadline_ns)
            return 0;
        struct host_poll polls[HOST_WATCHED];
        int by_host = host_watches(wait->entries, wait->count, polls) > 0;
        switch (give_way(wait->deadline_ns, by_host)) {
        case KERNEL_OTHERS_RAN:
            continue;
        case KERNEL_WAIT_IS_LEFT:
            return -EINTR;
        case KERNEL_WAIT_IS_OVER:
            return 0;
        }
        enum refusal how = wait->check == others_have_run ? INTERRUPTED : TOLD;
        int result = sleep_once(wait->entries, wait->count, wait->deadline_ns, how);
        if (result < 0)
            return result;
    }
}

int wait_on(struct wait *wait) {
    for (unsigned i = 0; i < wait->count; i++)
        if (wait->entries[i].file)
            file_get(wait->entries[i].file);
    int result = wait_held(wait);
    for (unsigned i = 0; i < wait->count; i++)
        if (wait->entries[i].file)
            file_put(wait->entries[i].file);
    return result;
}

static int count_ready(struct wait *wait) {
    int ready = 0;
    for (unsigned i = 0; i < wait->count; i++) {
        struct wait_entry *entry = &wait->entries[i];
        entry->ready = entry->file ? wait_poll(entry->file, entry->events) : 0;
        ready += entry->ready != 0;
    }
    return ready;
}

int wait_many(struct wait_entry *entries, unsigned count, int64_t deadline_ns) {
    return wait_on(&(struct wait){count_ready, entries, count, deadline_ns});
}

// Gives way to others or sleeps; 0: look again.
static int pause_for(struct wait_entry *entry, int64_t deadline_ns, enum refusal how) {
    struct host_poll polls[HOST_WATCHED];
    switch (give_way(deadline_ns, host_watches(entry, 1, polls) > 0)) {
    case KERNEL_OTHERS_RAN:
        return 0;
    case KERNEL_WAIT_IS_LEFT:
        return -EINTR;
    case KERNEL_WAIT_IS_OVER:
        return -EAGAIN;
    }
    return sleep_once(entry, 1, deadline_ns, how);
}

// The operation has just said -EAGAIN: whatever poll says, only a sleep can change that.
static int wait_operation(struct file *file, unsigned events, int64_t deadline_ns,
                          enum refusal how) {
    struct wait_entry entry = {.file = file, .events = events};
    timers_run();
    if (signal_pending())
        return -EINTR;
    if (deadline_ns != INT64_MAX && clock_monotonic() >= deadline_ns)
        return -EAGAIN;
    file_get(file);
    int error = pause_for(&entry, deadline_ns, how);
    int closed = file->refs == 1; // by whoever ran
    file_put(file);
    if (error || closed)
        return error ? error : -EBADF;
    timers_run();
    return signal_pending() && !wait_poll(file, events) ? -EINTR : 0;
}

int wait_file_until(struct file *file, unsigned events, int64_t deadline_ns) {
    return wait_operation(file, events, deadline_ns, TOLD);
}

int wait_more(struct file *file, unsigned events, int64_t deadline_ns) {
    return wait_operation(file, events, deadline_ns, CONTENT);
}

int wait_file(struct file *file, unsigned events) {
    return wait_file_until(file, events, INT64_MAX);
}

int wait_until(int64_t deadline_ns) {
    return wait_many(NULL, 0, deadline_ns);
}

int wait_futex(int64_t deadline_ns) {
    struct futex_wait futex = {{others_have_run, NULL, 0, deadline_ns}, turns};
    return wait_on(&futex.wait);
}
