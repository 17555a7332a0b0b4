// clock_gettime(2), clock_getres(2), clock_settime(2), clock_nanosleep(2), times(2).
#ifndef KERNEL_SYS_CLOCK_H
#define KERNEL_SYS_CLOCK_H

#include <boxer/linux_time.h>

long sys_clock_gettime(int clockid, struct linux_timespec *now);
long sys_clock_getres(int clockid, struct linux_timespec *resolution);
long sys_clock_settime(int clockid, const struct linux_timespec *time);
long sys_clock_nanosleep(int clockid, int flags, const struct linux_timespec *request,
                         struct linux_timespec *left);
long sys_times(struct linux_tms *);

#endif
