// The one place where the host sleeps.
#ifndef KERNEL_TASK_SLEEP_H
#define KERNEL_TASK_SLEEP_H

// For all tasks that wait, or only for the current one, until something may have ended the wait of
// one: 0. -EDEADLK, or -EAGAIN where the current one may give up: nothing can end any.
int sleep_for_all(int only_current);

#endif
