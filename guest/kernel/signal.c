// Signals: what is pending, what is blocked, and delivery at the exit of a system call.
//
// Invariants
// 1. A standard signal is pending once, with the first sender's siginfo; a real-time signal queues.
// 2. An ignored signal that is not blocked is dropped when it is raised.
// 3. SIGKILL and SIGSTOP are never blocked, caught or ignored.
// 4. Handlers run on the caller's stack inside the system call, before it returns: there is no
// other
//    moment with one thread. A handler's own system calls may deliver further signals.
// 5. A stop signal does nothing: nobody could continue the process.
#include "process.h"
#include "host.h"
#include "memory.h"
#include "signal_state.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define SET(signo) (1ull << ((signo) - 1))
#define UNBLOCKABLE (SET(LINUX_SIGKILL) | SET(LINUX_SIGSTOP))
// Default action: nothing. The stop signals are here for invariant 5.
#define DEFAULT_NOTHING                                                                            \
    (SET(LINUX_SIGCHLD) | SET(LINUX_SIGCONT) | SET(LINUX_SIGURG) | SET(LINUX_SIGWINCH) |           \
     SET(LINUX_SIGSTOP) | SET(LINUX_SIGTSTP) | SET(LINUX_SIGTTIN) | SET(LINUX_SIGTTOU))

struct queued {
    struct queued *next;
    struct linux_siginfo info;
};

static KERNEL_STATE struct signal_state state;
static KERNEL_STATE struct linux_siginfo standard[LINUX_SIGRTMIN];
static KERNEL_STATE struct queued *queue; // real-time signals, oldest first
static KERNEL_STATE size_t queue_length;

struct signal_state *signal_state(void) {
    return &state;
}

void signal_boot(void) {
    memset(&state, 0, sizeof state);
}

void signal_thaw(void) {
    struct linux_siginfo dropped;
    while (signal_take(~0ull, &dropped))
        ;
}

int signal_suspend(struct signals_kept *kept) {
    kept->state = kmalloc(sizeof state);
    if (!kept->state)
        return -ENOMEM;
    *kept->state = state;
    state.pending = 0;
    for (int signo = 1; signo <= LINUX_NSIG; signo++) // execve(2): what is ignored stays ignored
        if (state.actions[signo].handler != LINUX_SIG_IGN)
            state.actions[signo] = (struct linux_sigaction){0};
    state.alternate = (struct linux_sigaltstack){.flags = LINUX_SS_DISABLE};
    return 0;
}

void signal_resume(struct signals_kept *kept) {
    signal_thaw();
    state = *kept->state;
    state.pending = 0;
    kfree(kept->state);
}

static int ignored(int signo) {
    uintptr_t handler = state.actions[signo].handler;
    return handler == LINUX_SIG_IGN || (handler == LINUX_SIG_DFL && (DEFAULT_NOTHING & SET(signo)));
}

static uint64_t deliverable(void) {
    return state.pending & ~state.blocked;
}

int signal_pending(void) {
    return (deliverable() | (state.pending & state.waited)) != 0;
}

uint64_t signal_wakeable(void) {
    uint64_t heard = 0;
    for (int signo = 1; signo <= LINUX_NSIG; signo++)
        if (!ignored(signo))
            heard |= SET(signo);
    return (heard & ~state.blocked) | state.waited;
}

uint64_t signal_pending_set(void) {
    return state.pending;
}

uint64_t signal_mask(void) {
    return state.blocked;
}

uint64_t signal_mask_swap(uint64_t mask) {
    uint64_t old = state.blocked;
    state.blocked = mask & ~UNBLOCKABLE;
    return old;
}

void signal_mask_restore(uint64_t mask, int interrupted) {
    if (interrupted)
        signal_deliver();
    state.blocked = mask;
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

static int enqueue(int signo, const struct linux_siginfo *info) {
    if (queue_length >= process.limits[LINUX_RLIMIT_SIGPENDING].soft)
        return -EAGAIN;
    struct queued *entry = kmalloc(sizeof *entry);
    if (!entry)
        return -EAGAIN;
    entry->next = NULL;
    entry->info = *info;
    entry->info.signo = signo;
    struct queued **link = &queue;
    while (*link)
        link = &(*link)->next;
    *link = entry;
    queue_length++;
    return 0;
}

int signal_send(int signo, int code, const struct linux_siginfo *info) {
    if (signo < 1 || signo > LINUX_NSIG)
        return -EINVAL;
    // signalfd and sigtimedwait take blocked signals even when their action is to ignore them.
    if (ignored(signo) && !(state.blocked & SET(signo)) && !(state.waited & SET(signo)))
        return 0;
    struct linux_siginfo plain = {.code = code};
    if (!info) {
        if (code != LINUX_SI_KERNEL) {
            plain.sent.pid = process.pid;
            plain.sent.uid = process.ruid;
        }
        info = &plain;
    }
    if (signo >= LINUX_SIGRTMIN) {
        int error = enqueue(signo, info);
        if (error)
            return error;
    } else if (!(state.pending & SET(signo))) {
        standard[signo] = *info;
        standard[signo].signo = signo;
    }
    state.pending |= SET(signo);
    return 0;
}

void signal_raise(int signo) {
    signal_send(signo, LINUX_SI_KERNEL, NULL);
}

static void take_queued(int signo, struct linux_siginfo *info) {
    int more = 0, found = 0;
    for (struct queued **link = &queue; *link;) {
        struct queued *entry = *link;
        if (entry->info.signo != signo || found) {
            more |= entry->info.signo == signo;
            link = &entry->next;
            continue;
        }
        *info = entry->info;
        *link = entry->next;
        found = 1;
        queue_length--;
        kfree(entry);
    }
    if (!more)
        state.pending &= ~SET(signo);
}

int signal_take(uint64_t set, struct linux_siginfo *info) {
    uint64_t candidates = state.pending & set;
    if (!candidates)
        return 0;
    int signo = __builtin_ctzll(candidates) + 1;
    if (signo >= LINUX_SIGRTMIN) {
        take_queued(signo, info);
    } else {
        *info = standard[signo];
        state.pending &= ~SET(signo);
    }
    return signo;
}

static void call_handler(int signo, struct linux_siginfo *info, struct linux_sigaction action) {
    // A ucontext of any layout reads as zeros: the machine has no registers to show.
    static KERNEL_STATE _Alignas(16) unsigned char context[1024];
    uint64_t old = state.blocked, mask;
    memcpy(&mask, action.mask, sizeof mask);
    if (!(action.flags & LINUX_SA_NODEFER))
        mask |= SET(signo);
    state.blocked = (old | mask) & ~UNBLOCKABLE;
    if (action.flags & LINUX_SA_RESETHAND)
        state.actions[signo].handler = LINUX_SIG_DFL;
    if (action.flags & LINUX_SA_SIGINFO)
        ((void (*)(int, void *, void *))action.handler)(signo, info, context);
    else
        ((void (*)(int))action.handler)(signo);
    state.blocked = old;
}

int signal_deliver(void) {
    int restart = 1;
    struct linux_siginfo info;
    for (int signo; (signo = signal_take(~state.blocked, &info));) {
        struct linux_sigaction action = state.actions[signo];
        if (ignored(signo))
            continue;
        if (action.handler == LINUX_SIG_DFL)
            process_exit(128 + signo); // as a shell reports it
        call_handler(signo, &info, action);
        restart &= (action.flags & LINUX_SA_RESTART) != 0;
    }
    return restart;
}
