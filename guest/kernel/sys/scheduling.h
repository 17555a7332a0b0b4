// Priorities and scheduling: getpriority(2), sched(7), getcpu(2).
#ifndef KERNEL_SYS_SCHEDULING_H
#define KERNEL_SYS_SCHEDULING_H

#include <boxer/linux_time.h>

#include <stddef.h>

long sys_getpriority(int which, int who);
long sys_setpriority(int which, int who, int nice);
long sys_sched_getaffinity(int pid, size_t size, void *mask);
long sys_ioprio_get(int which, int who);
long sys_ioprio_set(int which, int who, int priority);
long sys_sched_setaffinity(int pid, size_t size, const void *mask);
long sys_sched_getparam(int pid, int *priority);
long sys_sched_getscheduler(int pid);
long sys_sched_setscheduler(int pid, int policy, const int *priority);
long sys_sched_setparam(int pid, const int *priority);
long sys_sched_priority_bound(int policy, int highest);
long sys_sched_rr_get_interval(int pid, struct linux_timespec *);
long sys_getcpu(unsigned *cpu, unsigned *node);

#endif
