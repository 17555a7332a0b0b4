// Parents and children.
//
// Invariants
// 1. A process without a parent here is pid 1's, which reaps at once and hears of nothing.
// 2. A zombie has no task, no memory and no files; it is on the list until its parent has waited
//    for it.
// 3. Who waits for a child waits for its own process (wait_for(process)).
#include "task/family.h"
#include "mm/slab.h"
#include "task/group.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"

#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

static int ignores_children(const struct process *parent) {
    const struct linux_sigaction *action = &parent->signals.actions[LINUX_SIGCHLD];
    return action->handler == LINUX_SIG_IGN || (action->flags & LINUX_SA_NOCLDWAIT);
}

static long ticks(int64_t ns) {
    return (long)(ns / (NSEC_PER_SEC / LINUX_TICKS_PER_SECOND));
}

void family_describe(const struct process *child, int code, int status,
                     struct linux_siginfo *info) {
    *info = (struct linux_siginfo){.signo = LINUX_SIGCHLD, .code = code};
    info->child.pid = child->pid;
    info->child.uid = child->credentials.ruid;
    info->child.status = status;
    info->child.utime = ticks(child->usage.own_ns);
}

static void tell_parent(struct process *child, int signo, int code, int status) {
    struct linux_siginfo info;
    struct process *parent = child->parent;
    family_describe(child, code, status, &info);
    if (signo)
        signal_send(parent, signo, code, &info);
    wake_all(parent);
}

static void tell_of_change(struct process *child, int code, int status) {
    if (!child->parent)
        return;
    int silent = child->parent->signals.actions[LINUX_SIGCHLD].flags & LINUX_SA_NOCLDSTOP;
    tell_parent(child, silent ? 0 : LINUX_SIGCHLD, code, status);
}

void family_bury(struct process *child) {
    process_remove(child);
    child->is_gone = 1;
    for (const struct task *task = tasks; task; task = task->next)
        if (task->process == child)
            return; // its last task has not left yet: it frees it (task_free)
    kfree(child);
}

// Who takes care of the children of a process that ends.
static struct process *new_parent(const struct process *ended) {
    struct process *process = ended->parent;
    while (process && (!process->subreaper || process->state != PROCESS_RUNS))
        process = process->parent;
    return process;
}

static int buries_itself(const struct process *child) {
    return !child->parent ||
           (child->exit_signal == LINUX_SIGCHLD && ignores_children(child->parent));
}

static int code_of(int wait_status) {
    return wait_status & 0x7f ? CHILD_KILLED : CHILD_EXITED;
}

static int number_of(int wait_status) {
    return wait_status & 0x7f ? wait_status & 0x7f : wait_status >> 8;
}

static void give_away_children(const struct process *ended) {
    struct process *parent = new_parent(ended);
    for (struct process *child = processes, *next; child; child = next) {
        next = child->next;
        if (child->parent != ended)
            continue;
        child->parent = parent;
        child->exit_signal = LINUX_SIGCHLD;
        if (child->state == PROCESS_ZOMBIE) {
            if (parent)
                tell_parent(child, LINUX_SIGCHLD, code_of(child->status), number_of(child->status));
            if (buries_itself(child))
                family_bury(child);
        } else if (child->parent_death_signal) {
            signal_send(child, child->parent_death_signal, LINUX_SI_USER, NULL);
        }
    }
}

static int has_stopped(uint32_t pgid) {
    for (const struct process *process = processes; process; process = process->next)
        if (process->pgid == pgid && process->is_stopped && process->state == PROCESS_RUNS)
            return 1;
    return 0;
}

// Of groups that lose with this process the last parent who could continue them.
static void wake_orphans(const struct process *ended) {
    for (struct process *process = processes; process; process = process->next) {
        uint32_t pgid = process->pgid;
        if ((process != ended && process->parent != ended) || !has_stopped(pgid) ||
            !group_is_orphaned(pgid))
            continue;
        group_signal(pgid, LINUX_SIGHUP);
        group_signal(pgid, LINUX_SIGCONT);
    }
}

void family_forget_others(void) {
    for (struct process *process = processes, *next; process; process = next) {
        next = process->next;
        if (process != current->process)
            family_bury(process);
    }
}

int family_end(void) {
    struct process *ended = current->process;
    if (ended->pid == ended->sid)
        controlling_leave();
    usage_charge();
    ended->state = PROCESS_ZOMBIE;
    memcpy(ended->comm, current->comm, sizeof ended->comm);
    ended->leader = NULL;
    ended->is_stopped = 0;
    wake_orphans(ended);
    give_away_children(ended);
    if (ended->parent)
        tell_parent(ended, ended->exit_signal, code_of(ended->status), number_of(ended->status));
    return buries_itself(ended);
}

void family_stop(int signo) {
    struct process *process = current->process;
    process->is_stopped = 1;
    process->stop_signal = signo;
    process->continued = 0;
    tell_of_change(process, CHILD_STOPPED, signo);
}

void family_continue(struct process *process) {
    if (!process->is_stopped)
        return;
    process->is_stopped = process->stop_signal = 0;
    process->continued = 1;
    wake_all(&process->is_stopped);
    schedule_stir();
    tell_of_change(process, CHILD_CONTINUED, LINUX_SIGCONT);
}

void family_stay_stopped(void) {
    while (current->process->is_stopped && !current->is_killed)
        if (wait_deaf(&current->process->is_stopped))
            return;
}
