// Signals: what they are to a process and to its tasks, and what becomes of one.
#ifndef KERNEL_TASK_SIGNAL_H
#define KERNEL_TASK_SIGNAL_H

#include <boxer/linux_signal.h>

#include <stddef.h>
#include <stdint.h>

struct process;
struct task;

// Pending signals. Linux: struct sigpending.
struct signal_queue {
    uint64_t set;
    struct queued_signal *first; // oldest first
};

struct process_signals {
    struct linux_sigaction actions[LINUX_NSIG + 1];
    struct signal_queue pending; // sent to the process, for whichever task takes them
    size_t queued;    // real-time signals of the process and its tasks: RLIMIT_SIGPENDING
    const void *word; // kernel_on_signal
    uint32_t bits;
};

struct task_signals {
    uint64_t blocked;
    uint64_t waited;                    // sigtimedwait's set while it waits
    struct signal_queue pending;        // sent to this task
    struct linux_sigaltstack alternate; // remembered, never switched to: wasm has one stack
    int is_left;                        // to the next call, what came by the last one's end
};

int signal_pending(void);     // a deliverable signal waits
void signal_raise(int signo); // to this task, as the kernel
// To a process or to one task, as the current task sends it; code LINUX_SI_KERNEL: as the kernel.
// 0, -EINVAL, or -EAGAIN when too many real-time signals are queued.
int signal_send(struct process *, int signo, int code, const struct linux_siginfo *info);
int signal_send_task(struct task *, int signo, int code, const struct linux_siginfo *info);
// Runs the handlers (or default actions) of deliverable signals. Returns whether a system call that
// was interrupted is to be restarted: every handler that ran has SA_RESTART, or none ran.
int signal_deliver(void);
void signal_thaw(void);               // what was pending in the first life is forgotten
void signal_forget(struct process *); // what is pending for it
void signal_end(struct task *);       // what is pending for it alone
void signal_fork(struct process *);   // a copy has nothing pending, whatever its parent had
// A task begins a program: what is ignored stays ignored, what is blocked blocked, what is pending
// pending.
void signal_exec(struct task *);
// For ppoll, pselect6, epoll_pwait, rt_sigsuspend: waits under another mask.
uint64_t signal_mask_swap(uint64_t mask);
uint64_t signal_mask(void);
void signal_mask_restore(uint64_t mask, int interrupted); // delivers first when interrupted
// Reads a sigset of `size` bytes from the caller; 0, -EINVAL or -EFAULT. Null: *mask is unchanged.
int signal_mask_read(const void *set, size_t size, uint64_t *mask);
// Takes one pending signal out of `set`: its number or 0. For sigtimedwait and signalfd.
int signal_take(uint64_t set, struct linux_siginfo *info);
struct linux_siginfo *signal_of_timer(const struct signal_queue *, int id); // null: none pends
uint64_t signal_pending_set(void);
uint64_t signal_wakeable(void); // signals that end a wait when they are raised

#endif
