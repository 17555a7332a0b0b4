// setitimer(2), timer_create(2) and their relatives.
#ifndef KERNEL_SYS_TIMERS_H
#define KERNEL_SYS_TIMERS_H

#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

long sys_getitimer(int which, struct linux_itimerval *shown);
long sys_setitimer(int which, const struct linux_itimerval *new, struct linux_itimerval *old);
long sys_timer_create(int clockid, const struct linux_sigevent *, int *id);
long sys_timer_settime(int id, int flags, const struct linux_itimerspec *new,
                       struct linux_itimerspec *old);
long sys_timer_gettime(int id, struct linux_itimerspec *shown);
long sys_timer_getoverrun(int id);
long sys_timer_delete(int id);

#endif
