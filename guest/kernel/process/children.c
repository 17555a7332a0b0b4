// Waiting for children.
//
// Invariants
// 1. A change is told once, but for WNOWAIT; a zombie that was told of is gone.
// 2. -ECHILD comes before any wait: a process without such a child never waits for one.
#include "process/children.h"
#include "task/family.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>

#include <stddef.h>

static int is_meant(const struct process *child, int which, uint32_t id, unsigned options) {
    int clone = child->exit_signal != LINUX_SIGCHLD;
    if (child->parent != current->process || child->is_gone)
        return 0;
    if (!(options & WALL) && clone != ((options & WCLONE) != 0))
        return 0;
    return which == WAIT_ALL || (which == WAIT_PID && child->pid == id) ||
           (which == WAIT_GROUP && child->pgid == id);
}

static int take_end(struct process *child, unsigned options, struct changed *changed) {
    if (!(options & WEXITED) || child->state != PROCESS_ZOMBIE)
        return 0;
    int signo = child->status & 0x7f;
    changed->code = signo ? CHILD_KILLED : CHILD_EXITED;
    changed->status = signo ? signo : child->status >> 8;
    changed->cpu_ns = child->usage.own_ns + child->usage.children_ns;
    if (options & WNOWAIT)
        return 1;
    current->process->usage.children_ns += changed->cpu_ns;
    family_bury(child);
    return 1;
}

static int take_stop(struct process *child, unsigned options, struct changed *changed) {
    if (!(options & WSTOPPED) || !child->stop_signal || !child->is_stopped)
        return 0;
    changed->code = CHILD_STOPPED;
    changed->status = child->stop_signal;
    if (!(options & WNOWAIT))
        child->stop_signal = 0;
    return 1;
}

static int take_continued(struct process *child, unsigned options, struct changed *changed) {
    if (!(options & WCONTINUED) || !child->continued)
        return 0;
    changed->code = CHILD_CONTINUED;
    changed->status = LINUX_SIGCONT;
    if (!(options & WNOWAIT))
        child->continued = 0;
    return 1;
}

// 1: one has changed; 0: one may; -ECHILD: there is none.
static int look(int which, uint32_t id, unsigned options, struct changed *changed) {
    int found = -ECHILD;
    for (struct process *child = processes, *next; child; child = next) {
        next = child->next;
        if (!is_meant(child, which, id, options))
            continue;
        found = 0;
        struct changed now = {.pid = child->pid, .uid = child->credentials.ruid};
        if (take_end(child, options, &now) || take_stop(child, options, &now) ||
            take_continued(child, options, &now)) {
            *changed = now;
            return 1;
        }
    }
    return found;
}

long children_wait(int which, uint32_t id, unsigned options, struct changed *changed) {
    *changed = (struct changed){0};
    for (;;) {
        int found = look(which, id, options, changed);
        if (found < 0 || found || (options & WNOHANG))
            return found < 0 ? found : 0;
        int result = wait_for(current->process, INT64_MAX);
        if (result < 0)
            return result;
    }
}
