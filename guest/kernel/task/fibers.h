// The fibers of one task: calls of a program that goes on with one or another of them by itself, as
// greenlet does. The functions that programs call are in <boxer/kernel.h>.
#ifndef KERNEL_TASK_FIBERS_H
#define KERNEL_TASK_FIBERS_H

struct fibers;
struct task;

// Whether that is the one that a task has until it ends.
int fibers_has(const struct task *, int fiber);
unsigned fibers_waiting(const struct task *); // besides the one that runs
// Copies those of the current task that wait, for a process made from it: 0 or -errno.
int fibers_copy(struct task *copy);
// The host drops those of a task that wait.
void fibers_end(struct task *);
void fibers_drop(struct fibers *, int but); // all but one id, and what was known of them

#endif
