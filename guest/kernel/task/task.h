// A thread: what is its own. What it shares with the others of its process is in `process`.
//
// Invariants
// 1. `current` is the task whose code runs: one at a time, and its process's memory is in place. It
//    is never null.
// 2. Tasks and processes are the kernel's memory, which is never exchanged: what one of them is can
//    be read and changed while another one runs.
// 3. What is nobody's in particular (memory, file trees, sockets, pipes, armed timers, clocks, the
//    console, the host's name) lies in variables of the files that keep it.
// 4. A task ends itself, at the exit of a system call, on its own stack: who wants it to end says
// so
//    (task_kill), and what its calls hold is given back on the way.
#ifndef KERNEL_TASK_TASK_H
#define KERNEL_TASK_TASK_H

#include "task/process.h"
#include "task/signal.h"
#include "task/wait.h"

#include <stdint.h>

enum task_state { TASK_RUNS, TASK_READY, TASK_WAITS, TASK_ENDED };

struct task {
    struct task *next;       // of all, oldest first
    struct task *next_ready; // of the run queue
    struct process *process;
    enum task_state state;
    int fiber;             // of the host: 0 is the one that the host entered
    struct fibers *fibers; // others, which its program switches to by itself; null: none
    int is_new;            // it has not begun
    int begins_program;    // execve(2), on a new fiber
    int is_nested;         // it runs on top of another one (schedule.c)
    int is_killed;         // it is to end as soon as it can
    int is_late;           // it waited, or has not begun, and has not had its turn since
    uint32_t tid;          // of the first task: the process's pid
    int nice, policy;      // setpriority(2); sched_setscheduler(2), with its flag
    int io_priority;       // as ioprio_set(2) said: there is no disk that heeds it
    uint32_t switches[2];  // away from it: as it could have gone on, as it waited
    int64_t used_ns;       // of the processor, up to its last turn's end
    char comm[16];
    struct task_signals signals;
    struct waiting waiting;
    void *stack;         // where it begins; null: the first task's
    uintptr_t stack_end; // the lowest address it may use; 0: not known
    // Where a child that shares its parent's stack goes on (vfork), the kernel's frames of both are
    // kept while the other one runs: from the kernel's deepest to `kept_top`. Null: not so.
    uint8_t *kept;
    uintptr_t call_stack; // of its program, as clone(2) was called
    uintptr_t kept_top;
    void *thread_block; // its thread-local bytes while another task runs (switch.c)
    // What set_tid_address(2) and set_robust_list(2) said, for the task's end; the program's
    // memory.
    uint32_t *clear_child_tid;
    void *robust_list;
};

extern struct task *current;
extern struct task *tasks; // all, oldest first

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

// A copy of the current task with a tid and a fiber of its own, which has not begun: on no list but
// that of all tasks. Null: no memory, or -EAGAIN in *error: there are as many as there may be.
struct task *task_new(int *error);
int task_new_fiber(void);      // -EAGAIN
void task_free(struct task *); // takes it off the list
struct task *task_find(uint32_t tid);
uint32_t task_last_id(void);                    // of the newest
unsigned task_count(void);                      // of all processes
unsigned task_count_of(const struct process *); // those that have not ended

// Ends the wait it is in, if it can be ended, and it when it goes on.
void task_kill(struct task *);

#endif
