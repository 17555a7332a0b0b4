// Processes made from others.
//
// Invariants
// 1. A fork that fails leaves everything as it was.
// 2. A child has a space of its own, or its parent's (CLONE_VM). With CLONE_VFORK the task that
// made
//    it waits until it has begun a program, or has ended.
#include "process/fork.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "process/end.h"
#include "task/fibers.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/switch.h"
#include "task/task.h"
#include "task/timers.h"
#include "task/wait.h"
#include "time/clock.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/mapping.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <string.h>

static char *copy_of(const char *bytes, size_t size) {
    char *copy = bytes ? kmalloc(size) : NULL;
    if (copy)
        memcpy(copy, bytes, size);
    return copy;
}

static int copy_names(struct process *child, const struct process *parent) {
    child->exe = copy_of(parent->exe, parent->exe ? strlen(parent->exe) + 1 : 0);
    child->cmdline = copy_of(parent->cmdline, parent->cmdline_size);
    child->environ = copy_of(parent->environ, parent->environ_size);
    if ((parent->exe && !child->exe) || (parent->cmdline && !child->cmdline) ||
        (parent->environ && !child->environ))
        return -ENOMEM;
    return 0;
}

static int copy_space(struct process *child, int shared) {
    if (shared) {
        space_get(space_in_place);
        return 0;
    }
    child->space = NULL;
    if (space_prepare(space_in_place))
        return -ENOMEM;
    space_leave();
    child->space = space_copy();
    return child->space && !mappings_copy(space_in_place, child->space) ? 0 : -ENOMEM;
}

static void give_up(struct process *child) {
    if (child->space && child->space->refs == 1)
        mappings_end(child->space);
    if (child->space)
        space_put(child->space);
    process_drop(child);
    kfree(child);
}

// What a child has of its parent; not yet on the list.
static struct process *copy_process(unsigned long flags) {
    const struct process *parent = current->process;
    struct process *child = kmalloc(sizeof *child);
    if (!child)
        return NULL;
    *child = *parent;
    child->parent = current->process;
    child->exe = child->cmdline = child->environ = child->arguments = NULL;
    child->order = NULL;
    child->exit_signal = (int)(flags & LINUX_CSIGNAL);
    child->borrows = (flags & (LINUX_CLONE_VM | LINUX_CLONE_VFORK)) != 0;
    child->stop_signal = child->continued = child->has_begun_program = 0;
    child->usage = (struct usage){0, 0};
    memset(child->transfers, 0, sizeof child->transfers);
    child->started_ns = clock_monotonic();
    child->parent_death_signal = child->subreaper = 0;
    child->descriptors = (struct descriptors){NULL, 0, 0};
    signal_fork(child);
    timers_begin(child);
    dentry_get(child->directories.cwd);
    dentry_get(child->directories.root);
    int shared = (flags & LINUX_CLONE_VM) != 0;
    child->space = shared ? space_in_place : NULL;
    int error = copy_space(child, shared);
    if (!error)
        error = descriptors_copy(&child->descriptors, &parent->descriptors);
    if (error || copy_names(child, parent)) {
        give_up(child);
        return NULL;
    }
    return child;
}

static int too_many(void) {
    const struct credentials *own = current_cred();
    uint64_t most = rlimit(LINUX_RLIMIT_NPROC), count = 0;
    if (own->ruid == 0 || own->capabilities || most == LINUX_RLIM_INFINITY)
        return 0;
    for (const struct process *process = processes; process; process = process->next)
        count += process->credentials.ruid == own->ruid;
    return count >= most;
}

// 0 in the parent, 1 in the child, or -errno.
static int start(struct task *task, const struct forking *forking) {
    const struct space *space = task->process->space;
    int shared = space == space_in_place;
    if (shared && !forking->stack && !(forking->flags & LINUX_CLONE_VFORK))
        return -EINVAL; // two tasks on one stack
    if (forking->stack) {
        task->stack = forking->stack;
        task->stack_end = 0;
        if (forking->flags & LINUX_CLONE_SETTLS)
            thread_block_begin(task, forking->thread_pointer);
        else
            thread_block_copy(task);
        return shared ? 0 : -ENOSYS;
    }
    task->is_new = 0;
    if (shared && (stack_keep(current) || stack_keep(task)))
        return -ENOMEM;
    int error = shared ? 0 : fibers_copy(task);
    if (error)
        return error;
    uintptr_t from = shared ? 0 : (uintptr_t)&space_in_place->told;
    return task_fork(task, from, shared ? 0 : space->told.id);
}

static long in_child(unsigned long flags, uint32_t *child_tid) {
    if (flags & LINUX_CLONE_CHILD_SETTID)
        *child_tid = current->tid; // of this process's memory
    return 0;
}

static void wait_for_memory(struct process *child, uint32_t pid) {
    while (process_find(pid) == child && child->borrows && child->state != PROCESS_ZOMBIE &&
           !current->is_killed)
        if (wait_deaf(&child->borrows))
            return;
}

long process_fork(const struct forking *forking) {
    unsigned long flags = forking->flags;
    uint32_t *child_tid = forking->child_tid;
    int error = -EAGAIN;
    struct task *task = too_many() ? NULL : task_new(&error);
    if (!task)
        return error;
    struct process *child = copy_process(flags);
    if (!child) {
        task_free(task);
        return -ENOMEM;
    }
    task->process = child;
    child->leader = task;
    child->pid = task->tid;
    process_add(child);
    task->clear_child_tid = flags & LINUX_CLONE_CHILD_CLEARTID ? child_tid : NULL;
    error = start(task, forking);
    if (error > 0)
        return in_child(flags, child_tid);
    if (error) {
        stack_let_go(current);
        process_remove(child);
        child->leader = NULL;
        task->process = current->process;
        task_free(task);
        give_up(child);
        return error;
    }
    uint32_t pid = child->pid;
    if (flags & LINUX_CLONE_PARENT_SETTID)
        *forking->parent_tid = pid;
    task_ready(task);
    if (flags & LINUX_CLONE_VFORK)
        wait_for_memory(child, pid);
    stack_let_go(current);
    return (long)pid;
}
