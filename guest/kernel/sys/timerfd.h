// timerfd_create(2), timerfd_settime(2), timerfd_gettime(2).
#ifndef KERNEL_SYS_TIMERFD_H
#define KERNEL_SYS_TIMERFD_H

#include <boxer/linux_time.h>

long sys_timerfd_create(int clockid, int flags);
long sys_timerfd_settime(int fd, int flags, const struct linux_itimerspec *new,
                         struct linux_itimerspec *old);
long sys_timerfd_gettime(int fd, struct linux_itimerspec *shown);

#endif
