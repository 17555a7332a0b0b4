// A thread: what is its own. What it shares with the others of its process is in `process`.
//
// Invariants
// 1. `current` is the task whose code runs: one at a time, and its process's memory is in place. It
//    is never null.
// 2. Tasks and processes are the kernel's memory, which is never exchanged: what one of them is can
//    be read and changed while another one runs.
// 3. What is nobody's in particular (memory, file trees, sockets, pipes, armed timers, clocks, the
//    console, the host's name) lies in variables of the files that keep it.
#ifndef KERNEL_TASK_TASK_H
#define KERNEL_TASK_TASK_H

#include "task/process.h"
#include "task/signal.h"
#include "task/wait.h"

#include <stdint.h>

struct task {
    struct process *process;
    uint32_t tid; // of the first task: the process's pid
    int nice;
    char comm[16];
    struct task_signals signals;
    struct waiting waiting;
    // What set_tid_address(2) and set_robust_list(2) said, for the task's end; the program's
    // memory.
    uint32_t *clear_child_tid;
    void *robust_list;
};

extern struct task *current;

// The current process's, by Linux's names.
static inline const struct credentials *current_cred(void) {
    return &current->process->credentials;
}

// The soft limit of a LINUX_RLIMIT_*.
static inline uint64_t rlimit(int resource) {
    return current->process->limits[resource].soft;
}

// The first task and its process, of a machine that boots: they need no allocation.
void task_boot(void);

#endif
