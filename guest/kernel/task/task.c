// The task that runs, all there are, and how one is made.
#include "task/task.h"
#include "mm/slab.h"
#include "task/fibers.h"
#include "task/group.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/slots.h"
#include "task/switch.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

#define MOST_TASKS 64u // where the host says nothing
#define LARGEST_ID 32768u

static KERNEL_STATE struct process first_process;
static KERNEL_STATE struct task first_task = {.process = &first_process};
static KERNEL_STATE uint32_t last_id;

KERNEL_STATE struct task *current = &first_task;
KERNEL_STATE struct task *tasks = &first_task;

void task_boot(void) {
    first_process = (struct process){.leader = &first_task, .exit_signal = LINUX_SIGCHLD};
    first_task = (struct task){.process = &first_process};
    current = tasks = &first_task;
    last_id = PROCESS_PID;
}

struct task *task_find(uint32_t tid) {
    struct task *task = tasks;
    while (task && task->tid != tid)
        task = task->next;
    return task && task->state != TASK_ENDED ? task : NULL;
}

unsigned task_count(void) {
    unsigned count = 0;
    for (const struct task *task = tasks; task; task = task->next)
        count++;
    return count;
}

unsigned task_count_of(const struct process *process) {
    unsigned count = 0;
    for (const struct task *task = tasks; task; task = task->next)
        count += task->process == process && task->state != TASK_ENDED;
    return count;
}

static int is_taken(uint32_t id) {
    for (const struct task *task = tasks; task; task = task->next)
        if (task->tid == id || task->process->sid == id)
            return 1;
    return process_find(id) || group_exists(id, 0);
}

// As Linux counts: upwards, and from the start again at the end.
static uint32_t new_id(void) {
    do
        last_id = last_id + 1 < LARGEST_ID ? last_id + 1 : PROCESS_PID + 1;
    while (is_taken(last_id));
    return last_id;
}

// The lowest that no task has, but for the one the host entered on; -EAGAIN.
int task_new_fiber(void) {
    unsigned most = boxer_tasks.most ? boxer_tasks.most : MOST_TASKS;
    for (int fiber = 1; fiber < FIBERS && (unsigned)fiber < most; fiber++) {
        const struct task *task = tasks;
        while (task && !fibers_has(task, fiber))
            task = task->next;
        if (!task)
            return fiber;
    }
    return -EAGAIN;
}

uint32_t task_last_id(void) {
    return last_id;
}

struct task *task_new(int *error) {
    int fiber = task_new_fiber();
    *error = fiber < 0 ? fiber : -ENOMEM;
    struct task *task = fiber < 0 || !thread_block_of(current) ? NULL : kmalloc(sizeof *task);
    if (!task)
        return NULL;
    *task = *current;
    task->thread_block = NULL;
    task->kept = NULL;
    task->fibers = NULL;
    if (!thread_block_of(task)) {
        kfree(task);
        return NULL;
    }
    *error = 0;
    task->state = TASK_WAITS;
    task->is_new = 1;
    task->is_nested = task->is_killed = 0;
    task->fiber = fiber;
    task->used_ns = 0;
    task->switches[0] = task->switches[1] = 0;
    if (task->policy & LINUX_SCHED_RESET_ON_FORK) {
        task->policy &= ~LINUX_SCHED_RESET_ON_FORK;
        task->nice = task->nice < 0 ? 0 : task->nice;
    }
    task->tid = new_id();
    task->signals = (struct task_signals){.blocked = current->signals.blocked,
                                          .alternate = {.flags = LINUX_SS_DISABLE}};
    task->waiting = (struct waiting){0};
    task->clear_child_tid = NULL;
    task->robust_list = NULL;
    task->next = task->next_ready = NULL;
    struct task **link = &tasks;
    while (*link)
        link = &(*link)->next;
    *link = task;
    return task;
}

void task_free(struct task *task) {
    struct task **link = &tasks;
    while (*link != task)
        link = &(*link)->next;
    *link = task->next;
    signal_end(task);
    fibers_end(task);
    kfree(task->kept);
    thread_block_free(task);
    struct process *process = task->process;
    if (process->leader == task) { // the process goes on without its first task
        process->leader = tasks;
        while (process->leader &&
               (process->leader->process != process || process->leader->state == TASK_ENDED))
            process->leader = process->leader->next;
    }
    if (process->is_gone)
        kfree(process);
    if (task != &first_task)
        kfree(task);
}

void task_kill(struct task *task) {
    task->is_killed = 1;
    if (task != current && task->state == TASK_WAITS)
        task_ready(task);
}
