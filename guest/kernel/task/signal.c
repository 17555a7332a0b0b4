// Signals: what is pending, what is blocked, and delivery at the exit of a system call.
//
// Invariants
// 1. A standard signal is pending once in a queue, with the first sender's siginfo (without memory
//    for it: with none, as on Linux); a real-time signal queues.
// 2. An ignored signal that is not blocked is dropped when it is raised.
// 3. SIGKILL and SIGSTOP are never blocked, caught or ignored.
// 4. A task takes the signals that were sent to it before those of its process. Handlers run on its
//    stack inside the system call, before it returns: there is no other moment. A handler's own
//    system calls may deliver further signals.
// 5. A stop signal takes SIGCONT off the queues, and SIGCONT the stop signals. SIGKILL and SIGCONT
//    do what they do when they are sent.
// 6. The first process is not stopped while there is no other: nobody could continue it.
#include "task/signal.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/arrived.h"
#include "task/family.h"
#include "task/group.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "task/timers.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define SET(signo) (1ull << ((signo) - 1))
#define UNBLOCKABLE (SET(LINUX_SIGKILL) | SET(LINUX_SIGSTOP))
// Default action: nothing.
#define DEFAULT_NOTHING                                                                            \
    (SET(LINUX_SIGCHLD) | SET(LINUX_SIGCONT) | SET(LINUX_SIGURG) | SET(LINUX_SIGWINCH))
#define STOPS (SET(LINUX_SIGSTOP) | SET(LINUX_SIGTSTP) | SET(LINUX_SIGTTIN) | SET(LINUX_SIGTTOU))

struct queued_signal {
    struct queued_signal *next;
    struct linux_siginfo info;
};

static void drop(struct signal_queue *queue) {
    for (struct queued_signal *entry; (entry = queue->first);) {
        queue->first = entry->next;
        kfree(entry);
    }
    queue->set = 0;
}

void signal_thaw(void) {
    drop(&current->signals.pending);
    drop(&current->process->signals.pending);
    current->process->signals.queued = 0;
}

void signal_forget(struct process *process) {
    drop(&process->signals.pending);
    process->signals.queued = 0;
}

void signal_end(struct task *task) {
    drop(&task->signals.pending);
}

void signal_fork(struct process *process) {
    process->signals.pending = (struct signal_queue){0, NULL};
    process->signals.queued = 0;
}

void signal_exec(struct task *task) {
    struct process_signals *shared = &task->process->signals;
    for (int signo = 1; signo <= LINUX_NSIG; signo++)
        if (shared->actions[signo].handler != LINUX_SIG_IGN)
            shared->actions[signo] = (struct linux_sigaction){0};
    shared->word = NULL;
    task->signals.waited = 0;
    task->signals.alternate = (struct linux_sigaltstack){.flags = LINUX_SS_DISABLE};
}

static int ignored(const struct process *process, int signo) {
    uintptr_t handler = process->signals.actions[signo].handler;
    return handler == LINUX_SIG_IGN || (handler == LINUX_SIG_DFL && (DEFAULT_NOTHING & SET(signo)));
}

uint64_t signal_pending_set(void) {
    return current->signals.pending.set | current->process->signals.pending.set;
}

int signal_pending(void) {
    if (signals_have_arrived())
        signals_take_arrived();
    uint64_t set = signal_pending_set();
    if (current->is_killed)
        return 1;
    return set && (set & (~current->signals.blocked | current->signals.waited)); // mostly: set 0
}

uint64_t signal_wakeable(void) {
    uint64_t heard = 0;
    for (int signo = 1; signo <= LINUX_NSIG; signo++)
        if (!ignored(current->process, signo))
            heard |= SET(signo);
    return (heard & ~current->signals.blocked) | current->signals.waited;
}

uint64_t signal_mask(void) {
    return current->signals.blocked;
}

uint64_t signal_mask_swap(uint64_t mask) {
    uint64_t old = current->signals.blocked;
    current->signals.blocked = mask & ~UNBLOCKABLE;
    return old;
}

void signal_mask_restore(uint64_t mask, int interrupted) {
    if (interrupted)
        signal_deliver();
    current->signals.blocked = mask;
}

int signal_mask_read(const void *set, size_t size, uint64_t *mask) {
    if (!set)
        return 0;
    if (size != sizeof *mask)
        return -EINVAL;
    if (!user_range(set, size))
        return -EFAULT;
    memcpy(mask, set, sizeof *mask);
    return 0;
}

static int enqueue(struct process *process, struct signal_queue *queue, int signo,
                   const struct linux_siginfo *info) {
    int realtime = signo >= LINUX_SIGRTMIN;
    if (realtime && process->signals.queued >= process->limits[LINUX_RLIMIT_SIGPENDING].soft)
        return -EAGAIN;
    struct queued_signal *entry = kmalloc(sizeof *entry);
    if (!entry)
        return realtime ? -EAGAIN : 0;
    entry->next = NULL;
    entry->info = *info;
    entry->info.signo = signo;
    struct queued_signal **link = &queue->first;
    while (*link)
        link = &(*link)->next;
    *link = entry;
    process->signals.queued += realtime;
    return 0;
}

// Whether the task takes the signal when it goes on.
static int takes(const struct task *task, int signo) {
    return (~task->signals.blocked | task->signals.waited) & SET(signo);
}

// One that takes a signal of its process: the first one, if it does, else any other. A wait for it
// goes before.
static struct task *taker(const struct process *process, int signo) {
    struct task *found = NULL;
    for (struct task *task = tasks; task; task = task->next) {
        if (task->process != process || task->state == TASK_ENDED || !takes(task, signo))
            continue;
        if (task->signals.waited & SET(signo))
            return task;
        if (!found || task == process->leader)
            found = task;
    }
    return found;
}

static void take_off(struct signal_queue *queue, uint64_t set) {
    for (struct queued_signal **link = &queue->first; *link;) {
        struct queued_signal *entry = *link;
        if (!(set & SET(entry->info.signo))) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        kfree(entry);
    }
    queue->set &= ~set;
}

static void take_off_all(struct process *process, uint64_t set) {
    take_off(&process->signals.pending, set);
    for (struct task *task = tasks; task; task = task->next)
        if (task->process == process)
            take_off(&task->signals.pending, set);
}

// Invariant 5.
static void prepare(struct process *process, int signo) {
    if (signo == LINUX_SIGKILL && !process_is_first(process))
        process_kill(process, LINUX_SIGKILL);
    if (signo == LINUX_SIGKILL)
        family_continue(process);
    if (signo == LINUX_SIGCONT) {
        take_off_all(process, STOPS);
        family_continue(process);
    } else if (STOPS & SET(signo)) {
        take_off_all(process, SET(LINUX_SIGCONT));
    }
}

static void tell(struct task *task, int signo) {
    if (task && task->state == TASK_WAITS && !task->is_new && takes(task, signo))
        task_ready(task);
}

// task: whose mask says whether an ignored signal is of use all the same.
static int send(const struct task *task, struct signal_queue *queue, int signo, int code,
                const struct linux_siginfo *info) {
    struct process *process = task->process;
    if (signo < 1 || signo > LINUX_NSIG)
        return -EINVAL;
    prepare(process, signo);
    // signalfd and sigtimedwait take blocked signals even when their action is to ignore them.
    uint64_t heeded = task->signals.blocked | task->signals.waited;
    if (ignored(process, signo) && !(heeded & SET(signo)))
        return 0;
    struct linux_siginfo plain = {.code = code};
    if (!info) {
        if (code != LINUX_SI_KERNEL) {
            plain.sent.pid = current->process->pid;
            plain.sent.uid = current_cred()->ruid;
        }
        info = &plain;
    }
    if (signo >= LINUX_SIGRTMIN || !(queue->set & SET(signo))) {
        int error = enqueue(process, queue, signo, info);
        if (error)
            return error;
    }
    queue->set |= SET(signo);
    return 0;
}

int signal_send(struct process *process, int signo, int code, const struct linux_siginfo *info) {
    if (!process->leader) // a zombie
        return signo < 1 || signo > LINUX_NSIG ? -EINVAL : 0;
    int error = send(process->leader, &process->signals.pending, signo, code, info);
    if (!error && signo >= 1 && signo <= LINUX_NSIG)
        tell(taker(process, signo), signo);
    return error;
}

int signal_send_task(struct task *task, int signo, int code, const struct linux_siginfo *info) {
    int error = send(task, &task->signals.pending, signo, code, info);
    if (!error && signo >= 1 && signo <= LINUX_NSIG)
        tell(task, signo);
    return error;
}

void signal_raise(int signo) {
    signal_send_task(current, signo, LINUX_SI_KERNEL, NULL);
}

static int take(struct signal_queue *queue, uint64_t set, struct linux_siginfo *info) {
    uint64_t candidates = queue->set & set;
    if (!candidates)
        return 0;
    int signo = __builtin_ctzll(candidates) + 1, more = 0, found = 0;
    *info = (struct linux_siginfo){.signo = signo};
    for (struct queued_signal **link = &queue->first; *link;) {
        struct queued_signal *entry = *link;
        if (entry->info.signo != signo || found) {
            more |= entry->info.signo == signo;
            link = &entry->next;
            continue;
        }
        *info = entry->info;
        *link = entry->next;
        found = 1;
        current->process->signals.queued -= signo >= LINUX_SIGRTMIN;
        kfree(entry);
    }
    if (!more)
        queue->set &= ~SET(signo);
    if (info->code == LINUX_SI_TIMER)
        posix_timer_told(info);
    return signo;
}

struct linux_siginfo *signal_of_timer(const struct signal_queue *queue, int id) {
    struct queued_signal *entry = queue->first;
    while (entry && (entry->info.code != LINUX_SI_TIMER || entry->info.timer.id != id))
        entry = entry->next;
    return entry ? &entry->info : NULL;
}

int signal_take(uint64_t set, struct linux_siginfo *info) {
    int signo = take(&current->signals.pending, set, info);
    return signo ? signo : take(&current->process->signals.pending, set, info);
}

// Whether the call that was interrupted may be restarted.
static int call_handler(int signo, struct linux_siginfo *info, struct linux_sigaction action) {
    struct linux_ucontext context = {0};
    memcpy(context.blocked, &current->signals.blocked, sizeof current->signals.blocked);
    uint64_t old = current->signals.blocked, mask;
    memcpy(&mask, action.mask, sizeof mask);
    if (!(action.flags & LINUX_SA_NODEFER))
        mask |= SET(signo);
    current->signals.blocked = (old | mask) & ~UNBLOCKABLE;
    if (action.flags & LINUX_SA_RESETHAND) {
        current->process->signals.actions[signo].handler = LINUX_SIG_DFL;
        signals_tell_host();
    }
    if (action.flags & LINUX_SA_SIGINFO)
        ((void (*)(int, void *, void *))action.handler)(signo, info, &context);
    else
        ((void (*)(int))action.handler)(signo);
    current->signals.blocked = old;
    return (action.flags & LINUX_SA_RESTART) && !context.no_restart;
}

static void stop(int signo) {
    struct process *process = current->process;
    if (process_is_first(process) && !processes->next)
        return;
    if (signo != LINUX_SIGSTOP && group_is_orphaned(process->pgid))
        return;
    family_stop(signo);
    family_stay_stopped();
}

int signal_deliver(void) {
    int restart = 1;
    struct linux_siginfo info;
    for (int signo; (signo = signal_take(~current->signals.blocked, &info));) {
        struct linux_sigaction action = current->process->signals.actions[signo];
        if (ignored(current->process, signo))
            continue;
        if (action.handler == LINUX_SIG_DFL && (STOPS & SET(signo))) {
            stop(signo);
            continue;
        }
        if (action.handler == LINUX_SIG_DFL)
            process_die(signo);
        restart &= call_handler(signo, &info, action);
    }
    return restart;
}
