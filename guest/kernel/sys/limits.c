// prlimit(2), getrusage(2).
#include "sys/limits.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>
#include <string.h>

long sys_prlimit64(int pid, int resource, const struct linux_rlimit64 *new,
                   struct linux_rlimit64 *old) {
    struct process *process = pid ? process_find((uint32_t)pid) : current->process;
    if (!process)
        return -ESRCH;
    if (process != current->process && current_cred()->euid != 0 &&
        current_cred()->ruid != process->credentials.ruid)
        return -EPERM;
    if (resource < 0 || resource >= LINUX_RLIMITS)
        return -EINVAL;
    if ((new && !user_range(new, sizeof *new)) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_rlimit64 before = process->limits[resource];
    if (new) {
        struct linux_rlimit64 limit = *new;
        if (limit.soft > limit.hard)
            return -EINVAL;
        if (limit.hard > before.hard &&
            (current_cred()->euid != 0 || resource == LINUX_RLIMIT_NOFILE))
            return -EPERM; // open files: the table has that many places, root or not
        process->limits[resource] = limit;
        if (resource == LINUX_RLIMIT_CPU) {
            timers_limit(process);
            schedule_tells_host();
        }
    }
    if (old)
        *old = before;
    return 0;
}

long sys_getrusage(int who, struct linux_rusage *usage) {
    if (who != LINUX_RUSAGE_SELF && who != LINUX_RUSAGE_CHILDREN && who != LINUX_RUSAGE_THREAD)
        return -EINVAL;
    if (!usage || !user_range(usage, sizeof *usage))
        return -EFAULT;
    memset(usage, 0, sizeof *usage);
    const struct process *process = current->process;
    int64_t us = (who == LINUX_RUSAGE_CHILDREN ? process->usage.children_ns
                  : who == LINUX_RUSAGE_THREAD ? usage_of_task(current)
                                               : usage_own(process)) /
                 1000;
    usage->utime = (struct linux_timeval){(long)(us / 1000000), (long)(us % 1000000)};
    usage->maxrss = (long)(memory_end() - memory_floor()) / 1024; // linear memory never shrinks
    return 0;
}
