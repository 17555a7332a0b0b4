// Priorities and scheduling: getpriority(2), sched(7), getcpu(2).
#include "sys/scheduling.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>
#include <string.h>

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

static int is_there(int pid) {
    return pid == 0 || pid == PROCESS_PPID || task_find((uint32_t)pid) ||
           process_find((uint32_t)pid);
}

static int is_meant(const struct task *task, int which, uint32_t who) {
    const struct process *process = task->process, *own = current->process;
    if (task->state == TASK_ENDED)
        return 0;
    if (which == PRIO_PROCESS)
        return who ? task->tid == who : task == current;
    if (which == PRIO_PGRP)
        return process->pgid == (who ? who : own->pgid);
    return process->credentials.ruid == (who ? who : own->credentials.ruid);
}

// The kernel's answer is 20 - nice, of the one that has most.
long sys_getpriority(int which, int who) {
    long best = -ESRCH;
    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    for (const struct task *task = tasks; task; task = task->next)
        if (is_meant(task, which, (uint32_t)who) && 20 - task->nice > best)
            best = 20 - task->nice;
    return best;
}

static int may_schedule(const struct task *task) {
    const struct credentials *own = current_cred(), *its = &task->process->credentials;
    return own->euid == 0 || own->euid == its->ruid || own->euid == its->euid;
}

static int may_be(int nice) {
    return current_cred()->euid == 0 || (uint64_t)(20 - nice) <= rlimit(LINUX_RLIMIT_NICE);
}

static long set_nice(struct task *task, int nice) {
    if (!may_schedule(task))
        return -EPERM;
    if (nice < task->nice && !may_be(nice))
        return -EACCES;
    task->nice = nice;
    return 0;
}

long sys_setpriority(int which, int who, int nice) {
    long result = -ESRCH;
    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    for (struct task *task = tasks; task; task = task->next)
        if (is_meant(task, which, (uint32_t)who)) {
            long one = set_nice(task, nice);
            result = one || result == -ESRCH ? one : result;
        }
    return result;
}

enum { IO_NONE, IO_REAL_TIME, IO_BEST_EFFORT, IO_IDLE, IO_LEVELS = 8, IO_SHIFT = 13 };

// Here `which` counts from 1 (ioprio_set(2)). Of several the highest, which is the lowest number.
long sys_ioprio_get(int which, int who) {
    long best = -ESRCH;
    if (which <= PRIO_PROCESS || which > PRIO_USER + 1)
        return -EINVAL;
    for (const struct task *task = tasks; task; task = task->next)
        if (is_meant(task, which - 1, (uint32_t)who) && (best < 0 || task->io_priority < best))
            best = task->io_priority;
    return best;
}

long sys_ioprio_set(int which, int who, int priority) {
    long result = -ESRCH;
    int class = priority >> IO_SHIFT, level = priority & ((1 << IO_SHIFT) - 1);
    if (which <= PRIO_PROCESS || which > PRIO_USER + 1 || class < IO_NONE || class > IO_IDLE ||
        level >= (class == IO_NONE ? 1 : IO_LEVELS))
        return -EINVAL;
    if (class == IO_REAL_TIME && current_cred()->euid != 0)
        return -EPERM;
    for (struct task *task = tasks; task; task = task->next)
        if (is_meant(task, which - 1, (uint32_t)who)) {
            result = may_schedule(task) ? 0 : -EPERM;
            if (!result)
                task->io_priority = priority;
        }
    return result;
}

long sys_sched_getaffinity(int pid, size_t size, void *mask) {
    unsigned long first = 1;
    if (!is_there(pid))
        return -ESRCH;
    if (size < sizeof first || size % sizeof first)
        return -EINVAL;
    if (!mask || !user_range(mask, sizeof first))
        return -EFAULT;
    memcpy(mask, &first, sizeof first);
    return sizeof first;
}

long sys_sched_setaffinity(int pid, size_t size, const void *mask) {
    if (!is_there(pid))
        return -ESRCH;
    if (!mask || !user_range(mask, size ? 1 : 0))
        return -EFAULT;
    return size && (*(const unsigned char *)mask & 1) ? 0 : -EINVAL;
}

// The priority that goes with a policy; all that can be set have none.
long sys_sched_getparam(int pid, int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!is_there(pid))
        return -ESRCH;
    if (!user_range(priority, sizeof *priority))
        return -EFAULT;
    *priority = 0;
    return 0;
}

static int has_priorities(int policy) {
    return policy == LINUX_SCHED_FIFO || policy == LINUX_SCHED_RR;
}

static int has_none(int policy) {
    return policy == LINUX_SCHED_OTHER || policy == LINUX_SCHED_BATCH || policy == LINUX_SCHED_IDLE;
}

// Null, with is_there: init, or a process that has ended and that nobody has waited for.
static struct task *meant(int pid) {
    return pid == 0 ? current : task_find((uint32_t)pid);
}

long sys_sched_getscheduler(int pid) {
    if (pid < 0)
        return -EINVAL;
    if (!is_there(pid))
        return -ESRCH;
    const struct task *task = meant(pid);
    return task ? task->policy : LINUX_SCHED_OTHER;
}

static int policy_of(int policy_and_flag) {
    return policy_and_flag & ~LINUX_SCHED_RESET_ON_FORK;
}

// Remembered only: there is one processor. The policies of real time, which would be promises, are
// nobody's.
static long set_policy(int pid, int asked, int priority) {
    struct task *task = meant(pid);
    int policy = policy_of(asked);
    if (!is_there(pid))
        return -ESRCH;
    if (has_priorities(policy))
        return priority < 1 || priority > 99 ? -EINVAL : -EPERM;
    if (!has_none(policy) || priority)
        return -EINVAL;
    if (!task)
        return pid == PROCESS_PPID && current_cred()->euid != 0 ? -EPERM : 0;
    if (policy_of(task->policy) == LINUX_SCHED_IDLE && policy != LINUX_SCHED_IDLE &&
        !may_be(task->nice))
        return -EPERM;
    int is_given_up = task->policy & ~asked & LINUX_SCHED_RESET_ON_FORK;
    if (!may_schedule(task) || (is_given_up && current_cred()->euid != 0))
        return -EPERM;
    task->policy = asked;
    return 0;
}

long sys_sched_setscheduler(int pid, int policy, const int *priority) {
    if (pid < 0 || policy < 0 || !priority)
        return -EINVAL;
    return user_range(priority, sizeof *priority) ? set_policy(pid, policy, *priority) : -EFAULT;
}

long sys_sched_setparam(int pid, const int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!user_range(priority, sizeof *priority))
        return -EFAULT;
    const struct task *task = meant(pid);
    return set_policy(pid, task ? task->policy : LINUX_SCHED_OTHER, *priority);
}

long sys_sched_priority_bound(int policy, int highest) {
    if (has_priorities(policy))
        return highest ? 99 : 1;
    return has_none(policy) ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(int pid, struct linux_timespec *interval) {
    if (!is_there(pid))
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
