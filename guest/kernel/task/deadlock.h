// A wait that nothing can end.
#ifndef KERNEL_TASK_DEADLOCK_H
#define KERNEL_TASK_DEADLOCK_H

// What the current task's wait answers: -EDEADLK, once told on the host's stderr; -EAGAIN where it
// may give up. WAIT_DEADLOCKS in a row end the process.
int deadlock_refuse(void);

#endif
