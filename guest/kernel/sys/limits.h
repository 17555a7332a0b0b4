// prlimit(2), getrusage(2).
#ifndef KERNEL_SYS_LIMITS_H
#define KERNEL_SYS_LIMITS_H

#include <boxer/linux_process.h>

long sys_prlimit64(int pid, int resource, const struct linux_rlimit64 *new,
                   struct linux_rlimit64 *old);
long sys_getrusage(int who, struct linux_rusage *);

#endif
