// The end of a task.
#ifndef KERNEL_TASK_EXIT_H
#define KERNEL_TASK_EXIT_H

// What others see of the current task's end: its word is cleared, locks it holds are given up.
void task_clear(void); // the same of a task that goes on with another program
void task_end(void);
// Ends it; the last one of a process ends that, with this status. A task that runs on top of
// another one returns, and ends when its own function does.
void task_exit(int status);
// Ends it on a stack of its own; with the last one its process ends.
_Noreturn void task_end_for_good(void);
// Ends the others of its process, and waits until they have.
void task_end_siblings(void);
// Ends all others, of all processes, and waits until they have: as at the end of a call.
void task_end_others(void);

#endif
