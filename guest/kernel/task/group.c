// Process groups, sessions and their terminals.
//
// Invariants
// 1. A group or session has no record: it is there while a process has its number.
// 2. A process's `terminal` is its session's, or null; a terminal's `session` is a living leader's.
#include "task/group.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>

#include <stddef.h>

int group_exists(uint32_t pgid, uint32_t session) {
    for (const struct process *process = processes; process; process = process->next)
        if (process->pgid == pgid && (!session || process->sid == session))
            return 1;
    return 0;
}

int group_is_orphaned(uint32_t pgid) {
    for (const struct process *process = processes; process; process = process->next) {
        const struct process *parent = process->parent;
        if (process->pgid == pgid && process->state != PROCESS_ZOMBIE && parent &&
            parent->pgid != pgid && parent->sid == process->sid)
            return 0;
    }
    return 1;
}

int group_signal(uint32_t pgid, int signo) {
    int count = 0;
    for (struct process *process = processes; process; process = process->next)
        if (process->pgid == pgid) {
            signal_send(process, signo, LINUX_SI_KERNEL, NULL);
            count++;
        }
    return count;
}

long group_set(uint32_t pid, uint32_t pgid) {
    struct process *self = current->process, *process = pid ? process_find(pid) : self;
    if ((int)pgid < 0)
        return -EINVAL;
    if (!process || (process != self && process->parent != self))
        return -ESRCH;
    if (process != self && process->sid != self->sid)
        return -EPERM;
    if (process != self && process->has_begun_program)
        return -EACCES;
    if (process->pid == process->sid)
        return -EPERM;
    pgid = pgid ? pgid : process->pid;
    if (pgid != process->pid && !group_exists(pgid, self->sid))
        return -EPERM;
    process->pgid = pgid;
    return 0;
}

long group_new_session(void) {
    struct process *process = current->process;
    if (group_exists(process->pid, 0))
        return -EPERM;
    process->sid = process->pgid = process->pid;
    process->terminal = NULL;
    return (long)process->pid;
}

static int leads_without_terminal(const struct process *process) {
    return process->pid == process->sid && !process->terminal;
}

static void give(struct controlling *terminal, struct process *leader) {
    terminal->session = leader->sid;
    terminal->foreground = leader->pgid;
    leader->terminal = terminal;
}

void controlling_begin(struct controlling *terminal) {
    if (leads_without_terminal(current->process) && !terminal->session)
        give(terminal, current->process);
}

static void take_from(uint32_t session) {
    for (struct process *process = processes; process; process = process->next)
        if (process->sid == session)
            process->terminal = NULL;
}

int controlling_take(struct controlling *terminal, int by_force) {
    struct process *process = current->process;
    if (process->terminal == terminal && terminal->session == process->sid)
        return 0;
    if (!leads_without_terminal(process))
        return -EPERM;
    if (terminal->session && !(by_force && process->credentials.euid == 0))
        return -EPERM;
    if (terminal->session)
        take_from(terminal->session);
    give(terminal, process);
    return 0;
}

void controlling_forget(struct controlling *terminal) {
    uint32_t session = terminal->session, foreground = terminal->foreground;
    *terminal = (struct controlling){0, 0};
    if (!session)
        return;
    take_from(session);
    struct process *leader = process_find(session);
    if (leader && leader != current->process && leader->state == PROCESS_RUNS) {
        signal_send(leader, LINUX_SIGHUP, LINUX_SI_KERNEL, NULL);
        signal_send(leader, LINUX_SIGCONT, LINUX_SI_KERNEL, NULL);
    }
    if (foreground && foreground != session) {
        group_signal(foreground, LINUX_SIGHUP);
        group_signal(foreground, LINUX_SIGCONT);
    }
}

void controlling_leave(void) {
    struct process *process = current->process;
    struct controlling *terminal = process->terminal;
    process->terminal = NULL;
    if (terminal && process->pid == process->sid)
        controlling_forget(terminal);
}

static int is_deaf_to(int signo) {
    return current->process->signals.actions[signo].handler == LINUX_SIG_IGN ||
           (current->signals.blocked >> (signo - 1) & 1);
}

int controlling_may_use(struct controlling *terminal, int writing) {
    struct process *process = current->process;
    int signo = writing ? LINUX_SIGTTOU : LINUX_SIGTTIN;
    if (process->terminal != terminal || terminal->foreground == process->pgid)
        return 0;
    if (is_deaf_to(signo))
        return writing ? 0 : -EIO;
    if (group_is_orphaned(process->pgid))
        return -EIO;
    group_signal(process->pgid, signo);
    return -EINTR;
}

long controlling_set_foreground(struct controlling *terminal, uint32_t pgid) {
    struct process *process = current->process;
    if (process->terminal != terminal || terminal->session != process->sid)
        return -ENOTTY;
    int error = controlling_may_use(terminal, 1);
    if (error)
        return error;
    if ((int)pgid < 0)
        return -EINVAL;
    if (!group_exists(pgid, 0))
        return -ESRCH;
    if (!group_exists(pgid, process->sid))
        return -EPERM;
    terminal->foreground = pgid;
    return 0;
}
