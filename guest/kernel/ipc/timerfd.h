// Timers as files: timerfd_create(2).
#ifndef KERNEL_IPC_TIMERFD_H
#define KERNEL_IPC_TIMERFD_H

#include "time/clock.h"

#include <boxer/linux_time.h>

// A descriptor; flags as descriptor_for has them.
long timerfd_new(enum timer_clock, int flags);
// 0, -EBADF, or -EINVAL for another kind of file and for bad times.
int timerfd_show(int fd, struct linux_itimerspec *shown);
int timerfd_set(int fd, int absolute, const struct linux_itimerspec *new,
                struct linux_itimerspec *old);

#endif
