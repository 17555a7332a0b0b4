// Priorities and scheduling: getpriority(2), sched(7), getcpu(2).
#include "sys/scheduling.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_time.h>
#include <string.h>

// which: PRIO_PROCESS, PRIO_PGRP, PRIO_USER. The kernel's answer is 20 - nice.
static int is_whom(int which, int who) {
    if (which < 0 || which > 2)
        return -EINVAL;
    int self =
        which == 2 ? who == 0 || (uint32_t)who == current_cred()->ruid : process_is_self(who);
    return self ? 0 : -ESRCH;
}

long sys_getpriority(int which, int who) {
    int error = is_whom(which, who);
    return error ? error : 20 - current->nice;
}

long sys_setpriority(int which, int who, int nice) {
    int error = is_whom(which, who);
    if (error)
        return error;
    nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    if (nice < current->nice && current_cred()->euid != 0)
        return -EACCES;
    current->nice = nice;
    return 0;
}

long sys_sched_getaffinity(int pid, size_t size, void *mask) {
    unsigned long first = 1;
    if (!process_is_self(pid))
        return -ESRCH;
    if (size < sizeof first || size % sizeof first)
        return -EINVAL;
    if (!mask || !user_range(mask, sizeof first))
        return -EFAULT;
    memcpy(mask, &first, sizeof first);
    return sizeof first;
}

long sys_sched_setaffinity(int pid, size_t size, const void *mask) {
    if (!process_is_self(pid))
        return -ESRCH;
    if (!mask || !user_range(mask, size ? 1 : 0))
        return -EFAULT;
    return size && (*(const unsigned char *)mask & 1) ? 0 : -EINVAL;
}

long sys_sched_getparam(int pid, int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!process_is_self(pid))
        return -ESRCH;
    if (!user_range(priority, sizeof *priority))
        return -EFAULT;
    *priority = 0;
    return 0;
}

long sys_sched_setscheduler(int pid, int policy, const int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!process_is_self(pid))
        return -ESRCH;
    if (!user_range(priority, sizeof *priority))
        return -EFAULT;
    if (policy == 1 || policy == 2) // SCHED_FIFO, SCHED_RR
        return *priority < 1 || *priority > 99 ? -EINVAL : -EPERM;
    int other = policy == 0 || policy == 3 || policy == 5; // OTHER, BATCH, IDLE
    return other && *priority == 0 ? 0 : -EINVAL;
}

long sys_sched_priority_bound(int policy, int highest) {
    if (policy == 1 || policy == 2)
        return highest ? 99 : 1;
    return policy == 0 || policy == 3 || policy == 5 ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(int pid, struct linux_timespec *interval) {
    if (!process_is_self(pid))
        return pid < 0 ? -EINVAL : -ESRCH;
    if (!interval || !user_range(interval, sizeof *interval))
        return -EFAULT;
    ns_timespec(4000000, interval); // CONFIG_HZ=250, one tick
    return 0;
}

long sys_getcpu(unsigned *cpu, unsigned *node) {
    if ((cpu && !user_range(cpu, sizeof *cpu)) || (node && !user_range(node, sizeof *node)))
        return -EFAULT;
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}
