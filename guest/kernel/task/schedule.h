// Which task runs: those that can take turns, in the order in which they could; all others wait.
#ifndef KERNEL_TASK_SCHEDULE_H
#define KERNEL_TASK_SCHEDULE_H

#include <stdint.h>

struct task;

// A task that waits, or has not begun, can go on: it is the last in the queue.
void task_ready(struct task *);
// The current task waits, as its record says (wait.h), until it is readied: others run, and where
// all wait the host sleeps. It may be readied for nothing. 0, or -errno where nothing can end it.
int task_block(void);
// Others have a turn, if there are any.
void task_yield(void);
// The current task has ended: another one goes on.
_Noreturn void task_leave(void);

// Something may have become ready: files of those that wait are looked at before long.
void schedule_stir(void);
// Whether ticks are of use to anybody has changed: a timer was set.
void schedule_tells_host(void);
// A tick has come while others want a turn.
int schedule_is_due(void);
// Whether there is anybody else who wants a turn, now or later.
int schedule_has_others(void);
// The host cannot switch stacks, as has been seen.
int schedule_is_alone(void);
// The memory in place is about to be exchanged; another process's is in place now.
void schedule_leaves(void);
void schedule_arrives(void);
void schedule_thaw(void);

#endif
