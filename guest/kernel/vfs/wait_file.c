// Waiting for files: for one that a read or write found not ready, for many as poll(2) does.
#include "vfs/wait_file.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>

unsigned wait_poll(struct file *file, unsigned events) {
    unsigned always = LINUX_POLLERR | LINUX_POLLHUP;
    unsigned ready = LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLRDNORM | LINUX_POLLWRNORM;
    if (file->ops->poll)
        ready = file->ops->poll(file);
    return ready & (events | always);
}

int wait_held(struct wait *wait) {
    for (unsigned i = 0; i < wait->count; i++)
        if (wait->entries[i].file)
            file_get(wait->entries[i].file);
    int result = wait_on(wait);
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

static int waits_for(const struct task *task, const struct wait_entry *found) {
    const struct waiting *waiting = &task->waiting;
    for (unsigned i = 0; i < waiting->count; i++)
        if (waiting->entries[i].file == found->file && (waiting->entries[i].events & found->ready))
            return 1;
    return 0;
}

static int waits_for_any(const struct task *task, const struct wait_entry *entries,
                         unsigned count) {
    if (task == current || !task->waiting.count || task->process->is_stopped)
        return 0;
    for (unsigned i = 0; i < count; i++)
        if (entries[i].ready && waits_for(task, &entries[i]))
            return 1;
    return 0;
}

static int others_wait_for(const struct wait_entry *entries, unsigned count) {
    int found = 0;
    for (struct task *task = tasks; task; task = task->next)
        if (waits_for_any(task, entries, count)) {
            task_ready(task); // where it has not been looked at since
            found = 1;
        }
    return found;
}

// Who asks without waiting for what others wait for lets them have it first: asked again and again
// it would stay ready until the turn is over.
static int count_ready_after_others(struct wait *wait) {
    int ready = count_ready(wait);
    wait->check = count_ready;
    if (ready && schedule_has_others() && others_wait_for(wait->entries, wait->count)) {
        task_yield();
        ready = count_ready(wait);
    }
    return ready;
}

int wait_many(struct wait_entry *entries, unsigned count, int64_t deadline_ns) {
    return wait_held(&(struct wait){count_ready_after_others, entries, count, deadline_ns});
}

// The operation has just said -EAGAIN: whatever poll says, only a sleep can change that.
int wait_file_until(struct file *file, unsigned events, int64_t deadline_ns) {
    struct wait_entry entry = {.file = file, .events = events};
    timers_run();
    if (signal_pending())
        return -EINTR;
    if (deadline_ns != INT64_MAX && clock_monotonic() >= deadline_ns)
        return -EAGAIN;
    file_get(file);
    int error = wait_sleep(&entry, 1, deadline_ns);
    int closed = file->refs == 1; // by whoever ran
    file_put(file);
    if (error || closed)
        return error ? error : -EBADF;
    timers_run();
    return signal_pending() && !wait_poll(file, events) ? -EINTR : 0;
}

int wait_more(struct file *file, unsigned events, int64_t deadline_ns) {
    current->waiting.may_give_up = 1;
    int result = wait_file_until(file, events, deadline_ns);
    current->waiting.may_give_up = 0;
    return result;
}

int wait_file(struct file *file, unsigned events) {
    return wait_file_until(file, events, INT64_MAX);
}
