// From one task to another: what of a thread lies in places that all threads share.
#ifndef KERNEL_TASK_SWITCH_H
#define KERNEL_TASK_SWITCH_H

#include <stdint.h>

struct space;
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
// The other one becomes a copy of the current one: 0, 1 in the copy when it goes on, or -errno.
// from: the space in place as the host is told of it, of which `space` becomes a copy; 0: memory is
// shared.
int task_fork(struct task *copy, uintptr_t from, uint32_t space);
void thread_block_copy(struct task *to); // the current one's bytes, for one that has not begun
// The current task begins a program on another fiber, in another space: what task_on_program said
// is called there. It comes back only with -errno, and nothing has happened then.
int task_begin_program(int fiber, struct space *);
uint64_t task_switches(void); // so far, of all
void task_on_program(void (*begin)(void));
// The current task has ended; whoever goes on now frees it. The task that is to go on.
_Noreturn void task_switch_for_good(struct task *to);

// Exported: what a host that has a new native stack enters on it. It does not return.
void boxer_task_begin(int fiber);

// The kernel's frames are kept from now on, of a task whose stack another one uses too: 0 or
// -ENOMEM.
int stack_keep(struct task *);
void stack_let_go(struct task *);
void stack_mark(void); // a call begins whose task may come to that
// The stack of the current task has not run over; else it and its process end.
void stack_check(void);

#endif
