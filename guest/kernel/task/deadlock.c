// Telling that nobody in this box can go on, and what each waits for.
#include "task/deadlock.h"
#include "host/host.h"
#include "host/line.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "task/wait.h"

#include <boxer/linux_errno.h>
#include <string.h>

static const char *what(const struct waiting *waiting) {
    if (waiting->is_futex)
        return "a lock or another thread (futex)";
    if (waiting->count)
        return "a pipe, socket or other file of the box";
    if (waiting->key.address)
        return "another process";
    return "a signal";
}

static void tell(void) {
    static const char alone[] =
        "boxer: the program waits for something that nothing in this box can "
        "bring about (one thread, no timer, no host descriptor)\n";
    static const char unable[] =
        "boxer: this runtime cannot switch between threads: each runs to its "
        "end when another one waits (`boxer run` can)\n";
    static const char all[] = "boxer: nothing in this box can go on: every thread waits for "
                              "another one, without a timer or a host descriptor\n";
    if (!tasks->next) {
        host_write(2, alone, sizeof alone - 1);
        return;
    }
    if (schedule_is_alone())
        host_write(2, unable, sizeof unable - 1);
    host_write(2, all, sizeof all - 1);
    for (const struct task *task = tasks; task; task = task->next) {
        if (task->state == TASK_ENDED)
            continue;
        struct line line = {.size = 0};
        line_put(&line, "boxer:   thread ");
        line_number(&line, task->tid, 10, 0);
        line_put(&line, " (");
        line_put(&line, task->comm);
        line_put(&line, ") waits for ");
        line_put(&line, task == current && !task->waiting.count && !task->waiting.is_futex &&
                                !task->waiting.key.address
                            ? "the others"
                            : what(&task->waiting));
        line_put(&line, "\n");
        host_write(2, line.text, line.size);
    }
}

int deadlock_refuse(void) {
    struct waiting *waiting = &current->waiting;
    if (waiting->may_give_up)
        return -EAGAIN;
    waiting->deadlocks++;
    if (!waiting->deadlock_told) {
        waiting->deadlock_told = 1;
        tell();
    }
    if (waiting->is_futex || waiting->deadlocks >= WAIT_DEADLOCKS) // locks know no such error
        process_exit(WAIT_DEADLOCK_STATUS);
    return -EDEADLK;
}
