// What signals are to a process and to its tasks: signal.c keeps it, the system calls change it.
#ifndef KERNEL_SIGNAL_STATE_H
#define KERNEL_SIGNAL_STATE_H

#include <boxer/linux_signal.h>

#include <stddef.h>
#include <stdint.h>

// Pending signals. Linux: struct sigpending.
struct signal_queue {
    uint64_t set;
    struct queued_signal *first; // oldest first
};

struct process_signals {
    struct linux_sigaction actions[LINUX_NSIG + 1];
    struct signal_queue pending; // sent to the process, for whichever task takes them
    size_t queued; // real-time signals of the process and its tasks: RLIMIT_SIGPENDING
};

struct task_signals {
    uint64_t blocked;
    uint64_t waited;                    // sigtimedwait's set while it waits
    struct signal_queue pending;        // sent to this task
    struct linux_sigaltstack alternate; // remembered, never switched to: wasm has one stack
};

#endif
