// The host's sleep, when every task waits.
//
// Invariants
// 1. A sleep ends at the earliest of all deadlines, the next timer that somebody hears of, a host
//    descriptor's readiness, and a signal of the host.
// 2. Without any of the four it is refused (wait.h).
// 3. Files are asked as the task that waits for them: what they say may be its own.
#include "task/sleep.h"
#include "host/host.h"
#include "outside/outside.h"
#include "task/arrived.h"
#include "task/deadlock.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>

// Different host descriptors in one sleep: stdio and what the host grants, a handful.
#define HOST_WATCHED 64
#define LONG_SLEEP_NS 3600000000000
#define READABLE (LINUX_POLLIN | LINUX_POLLRDNORM)
#define WRITABLE (LINUX_POLLOUT | LINUX_POLLWRNORM)

// What one sleep is for.
struct sleep {
    struct host_poll polls[HOST_WATCHED];
    size_t watched;
    int64_t wake;
    int for_signals;
    int for_connections;
};

static void watch(struct sleep *sleep, int hfd, int writing) {
    for (size_t i = 0; i < sleep->watched; i++)
        if (sleep->polls[i].hfd == hfd && sleep->polls[i].want_write == writing)
            return;
    if (sleep->watched < HOST_WATCHED)
        sleep->polls[sleep->watched++] = (struct host_poll){.hfd = hfd, .want_write = writing};
}

static void add_file(struct file *file, unsigned events, void *context) {
    struct sleep *sleep = context;
    if (file->ops->each_watched) {
        file->ops->each_watched(file, add_file, sleep);
        return;
    }
    sleep->for_connections |=
        (events & READABLE) && file->ops->has_door && file->ops->has_door(file);
    int hfd = file->ops->host_descriptor ? file->ops->host_descriptor(file) : -1;
    if (hfd >= 0 && hfd == outside_control()) { // events of either kind are read there
        watch(sleep, hfd, 0);
        return;
    }
    if (hfd >= 0 && (events & READABLE))
        watch(sleep, hfd, 0);
    if (hfd >= 0 && (events & WRITABLE))
        watch(sleep, hfd, 1);
    int64_t own =
        file->ops->wakes_at && (events & READABLE) ? file->ops->wakes_at(file) : INT64_MAX;
    if (own < sleep->wake)
        sleep->wake = own;
}

// Only a timer that a waiter hears of counts: one that nobody watches cannot end the wait.
static void add_task(struct sleep *sleep, struct task *task) {
    struct task *me = current;
    const struct waiting *waiting = &task->waiting;
    if (task->process->is_stopped)
        return;
    current = task;
    int64_t timer = timers_next(task->process, signal_wakeable());
    if (timer < sleep->wake)
        sleep->wake = timer;
    if (waiting->deadline_ns < sleep->wake)
        sleep->wake = waiting->deadline_ns;
    for (unsigned i = 0; i < waiting->count; i++)
        if (waiting->entries[i].file)
            add_file(waiting->entries[i].file, waiting->entries[i].events, sleep);
    sleep->for_signals |= signals_may_arrive(waiting->count);
    current = me;
}

static int is_ready(const struct sleep *sleep, const struct task *task) {
    struct sleep own = {.wake = INT64_MAX};
    for (unsigned i = 0; i < task->waiting.count; i++)
        if (task->waiting.entries[i].file)
            add_file(task->waiting.entries[i].file, task->waiting.entries[i].events, &own);
    for (size_t i = 0; i < own.watched; i++)
        for (size_t j = 0; j < sleep->watched; j++)
            if (sleep->polls[j].ready && own.polls[i].hfd != outside_control() &&
                sleep->polls[j].hfd == own.polls[i].hfd &&
                sleep->polls[j].want_write == own.polls[i].want_write)
                return 1;
    return 0;
}

// Whatever poll says of them: who waits for a host's descriptor that is ready looks itself. Not of
// the control descriptor, behind which are those of all: what its events say, poll says.
static void ready_those(const struct sleep *sleep) {
    for (struct task *task = tasks; task && tasks->next; task = task->next)
        if (task->state == TASK_WAITS && !task->is_new && is_ready(sleep, task))
            task_ready(task);
}

static void look_outside(const struct sleep *sleep) {
    for (size_t i = 0; i < sleep->watched; i++)
        if (sleep->polls[i].ready && sleep->polls[i].hfd == outside_control())
            outside_look();
}

static void forget_deadlocks(void) {
    for (struct task *task = tasks; task; task = task->next)
        task->waiting.deadlocks = 0;
}

int sleep_for_all(int only_current) {
    struct sleep sleep = {.wake = INT64_MAX};
    if (current->state != TASK_ENDED)
        add_task(&sleep, current);
    for (struct task *task = tasks; task && !only_current; task = task->next)
        if (task != current && task->state == TASK_WAITS && !task->is_new)
            add_task(&sleep, task);
    if (sleep.wake == INT64_MAX && sleep.watched == 0 && !sleep.for_signals)
        return deadlock_refuse();
    if (outside_takes_orders()) // whoever gives one sees what the tasks wait for
        watch(&sleep, outside_control(), 0);
    if (sleep.for_connections)
        outside_await();
    int64_t before = clock_monotonic();
    int64_t timeout = sleep.wake == INT64_MAX ? -1 : sleep.wake > before ? sleep.wake - before : 0;
    if (timeout < 0 && sleep.watched == 0)
        timeout = LONG_SLEEP_NS; // the host's signal ends it
    int result = host_poll(sleep.polls, sleep.watched, timeout);
    clock_slept(clock_monotonic() - before);
    forget_deadlocks();
    look_outside(&sleep);
    ready_those(&sleep);
    return result < 0 && result != -EINTR ? result : 0;
}
