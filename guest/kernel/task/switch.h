// From one task to another: what of a thread lies in places that all threads share.
#ifndef KERNEL_TASK_SWITCH_H
#define KERNEL_TASK_SWITCH_H

#include <stdint.h>

struct task;

// Remembers the thread-local bytes as the program has them before it begins. 0 or -ENOMEM.
int thread_block_boot(void);
// Where a task's thread-local bytes are kept, made when it is asked for first; null: no memory.
void *thread_block_of(struct task *);
void thread_block_free(struct task *);
// The thread pointer (CLONE_SETTLS) and the bytes of a thread that has not begun.
void thread_block_begin(struct task *, uintptr_t pointer);

// The other one goes on, and this one when somebody switches to it: 0. -errno: nothing happened.
int task_switch(struct task *to);
// Runs a task that has not begun to its end, on top of the current one.
void task_run_nested(struct task *);
// The current task has ended; whoever goes on now frees it. The task that is to go on.
_Noreturn void task_switch_for_good(struct task *to);

// Exported: what a host that has a new native stack enters on it. It does not return.
void boxer_task_begin(int fiber);

// The stack of the current task has not run over; else it and its process end.
void stack_check(void);

#endif
