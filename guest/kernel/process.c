// The process itself: ids in the session, prctl(2), scheduling, waiting for children, futex(2).
//
// What is not here, and why: clone, fork, vfork, execve answer -ENOSYS (syscall_table.c). A second
// process is made by kernel_suspend alone (spawn.c).
#include "process.h"
#include "host.h"
#include "memory.h"
#include "syscalls_runtime.h"
#include "task.h"
#include "timer.h"
#include "wait.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

// What a container engine gives: 1,048,576 open files would be a table no box needs.
#define NOFILE_SOFT 1024u
#define NOFILE_HARD 4096u
// Stack of the engine, not ours to change: what Linux says by default.
#define STACK_SOFT (8u << 20)
#define SIGNALS_QUEUED 4096u

static KERNEL_STATE void (*at_exit)(void);

void process_boot(void) {
    struct process *process = current->process;
    process->pid = process->pgid = process->sid = PROCESS_PID;
    process->ppid = PROCESS_PPID;
    process->leader->tid = PROCESS_PID;
    process->directories.umask = 022;
    process->dumpable = 1;
    struct linux_rlimit64 *limits = process->limits;
    for (int i = 0; i < LINUX_RLIMITS; i++)
        limits[i] = (struct linux_rlimit64){LINUX_RLIM_INFINITY, LINUX_RLIM_INFINITY};
    limits[LINUX_RLIMIT_NOFILE] = (struct linux_rlimit64){NOFILE_SOFT, NOFILE_HARD};
    limits[LINUX_RLIMIT_STACK].soft = STACK_SOFT;
    limits[LINUX_RLIMIT_CORE].soft = 0;
    limits[LINUX_RLIMIT_NPROC] = (struct linux_rlimit64){1, 1};
    limits[LINUX_RLIMIT_MEMLOCK] = (struct linux_rlimit64){8u << 20, 8u << 20};
    limits[LINUX_RLIMIT_SIGPENDING] = (struct linux_rlimit64){SIGNALS_QUEUED, SIGNALS_QUEUED};
    limits[LINUX_RLIMIT_MSGQUEUE] = (struct linux_rlimit64){819200, 819200};
    limits[LINUX_RLIMIT_NICE] = limits[LINUX_RLIMIT_RTPRIO] = (struct linux_rlimit64){0, 0};
    timers_begin(process);
    kernel_set_credentials(0, 0, NULL, 0);
}

void process_at_exit(void (*function)(void)) {
    at_exit = function;
}

// A program ends that another one waits for: nobody can go on.
static void tell_the_suspended(void) {
    static const char told[] =
        "boxer: a program that is not the last one of its script ended the process itself "
        "(_exit, abort or a signal), and so the script ends with it\n";
    if (current->process->suspended)
        host_write(2, told, sizeof told - 1);
}

void process_exit(int status) {
    tell_the_suspended();
    if (at_exit)
        at_exit();
    host_exit(status & 0xff);
}

static int is_self(int pid) {
    return pid == 0 || pid == (int)current->process->pid;
}

long sys_getpgid(int pid) {
    return is_self(pid) ? (long)current->process->pgid : -ESRCH;
}

long sys_getsid(int pid) {
    return is_self(pid) ? (long)current->process->sid : -ESRCH;
}

long sys_setsid(void) {
    return -EPERM; // the process leads its group already
}

long sys_setpgid(int pid, int pgid) {
    if (pgid < 0)
        return -EINVAL;
    return is_self(pid) ? -EPERM : -ESRCH; // a session leader
}

static long set_name(const char *name) {
    if (!user_range(name, 1))
        return -EFAULT;
    memset(current->comm, 0, sizeof current->comm);
    for (size_t i = 0; i < sizeof current->comm - 1 && name[i]; i++)
        current->comm[i] = name[i];
    return 0;
}

static long put_int(unsigned long address, int value) {
    if (!address || !user_range((void *)address, sizeof value))
        return -EFAULT;
    *(int *)address = value;
    return 0;
}

long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    switch (option) {
    case LINUX_PR_SET_NAME:
        return a ? set_name((const char *)a) : -EFAULT;
    case LINUX_PR_GET_NAME:
        if (!a || !user_range((void *)a, sizeof current->comm))
            return -EFAULT;
        memcpy((void *)a, current->comm, sizeof current->comm);
        return 0;
    case LINUX_PR_SET_PDEATHSIG:
        if (a > LINUX_NSIG)
            return -EINVAL;
        current->process->parent_death_signal = (int)a;
        return 0;
    case LINUX_PR_GET_PDEATHSIG:
        return put_int(a, current->process->parent_death_signal);
    case LINUX_PR_GET_DUMPABLE:
        return current->process->dumpable;
    case LINUX_PR_SET_DUMPABLE:
        if (a > 1)
            return -EINVAL;
        current->process->dumpable = (int)a;
        return 0;
    case LINUX_PR_GET_KEEPCAPS:
        return current_cred()->keep_caps;
    case LINUX_PR_SET_KEEPCAPS:
        if (a > 1)
            return -EINVAL;
        current->process->credentials.keep_caps = (int)a;
        return 0;
    case LINUX_PR_GET_SECCOMP:
        return 0;
    case LINUX_PR_CAPBSET_READ:
        return a <= LINUX_CAP_LAST ? 1 : -EINVAL;
    case LINUX_PR_SET_TIMERSLACK:
        return 0;
    case LINUX_PR_GET_TIMERSLACK:
        return 50000; // Linux's default, nanoseconds
    case LINUX_PR_SET_CHILD_SUBREAPER:
        current->process->subreaper = a != 0;
        return 0;
    case LINUX_PR_GET_CHILD_SUBREAPER:
        return put_int(a, current->process->subreaper);
    case LINUX_PR_SET_NO_NEW_PRIVS:
        if (a != 1 || b || c || d)
            return -EINVAL;
        current->process->no_new_privs = 1;
        return 0;
    case LINUX_PR_GET_NO_NEW_PRIVS:
        return a || b || c || d ? -EINVAL : current->process->no_new_privs;
    default:
        return -EINVAL;
    }
}

// which: PRIO_PROCESS, PRIO_PGRP, PRIO_USER. The kernel's answer is 20 - nice.
static int is_whom(int which, int who) {
    if (which < 0 || which > 2)
        return -EINVAL;
    int self = which == 2 ? who == 0 || (uint32_t)who == current_cred()->ruid : is_self(who);
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
    if (!is_self(pid))
        return -ESRCH;
    if (size < sizeof first || size % sizeof first)
        return -EINVAL;
    if (!mask || !user_range(mask, sizeof first))
        return -EFAULT;
    memcpy(mask, &first, sizeof first);
    return sizeof first;
}

long sys_sched_setaffinity(int pid, size_t size, const void *mask) {
    if (!is_self(pid))
        return -ESRCH;
    if (!mask || !user_range(mask, size ? 1 : 0))
        return -EFAULT;
    return size && (*(const unsigned char *)mask & 1) ? 0 : -EINVAL;
}

long sys_sched_getparam(int pid, int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!is_self(pid))
        return -ESRCH;
    return put_int((unsigned long)(uintptr_t)priority, 0);
}

long sys_sched_setscheduler(int pid, int policy, const int *priority) {
    if (pid < 0 || !priority)
        return -EINVAL;
    if (!is_self(pid))
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
    if (!is_self(pid))
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

long sys_waitid(int which, int pid, void *info, int options) {
    (void)pid, (void)info;
    int states = 0x2 | 0x4 | 0x8, known = states | 0x1 | 0x01000000 | 0x20000000 | 0x40000000;
    if (which < 0 || which > 3 || !(options & states) || (options & ~known))
        return -EINVAL;
    return -ECHILD;
}

// One task: a wait whose word has the expected value can only end by timeout, by a
// signal, or by what wait_lets_run lets run; a wake finds nobody. wait.h says what happens to a
// wait that nothing can end.
long sys_futex(uint32_t *word, int operation, uint32_t value, const struct linux_timespec *timeout,
               uint32_t *other, uint32_t value3) {
    int command = operation & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME);
    int64_t ns, deadline = INT64_MAX;
    (void)other;
    if (!word || (uintptr_t)word % sizeof *word || !user_range(word, sizeof *word))
        return !word || !((uintptr_t)word % sizeof *word) ? -EFAULT : -EINVAL;
    switch (command) {
    case LINUX_FUTEX_WAIT:
    case LINUX_FUTEX_WAIT_BITSET:
        if (command == LINUX_FUTEX_WAIT_BITSET && !value3)
            return -EINVAL;
        if (timeout) {
            if (!user_range(timeout, sizeof *timeout))
                return -EFAULT;
            if (timespec_ns(timeout, &ns))
                return -EINVAL;
            int real = operation & LINUX_FUTEX_CLOCK_REALTIME;
            deadline = command == LINUX_FUTEX_WAIT
                           ? add_ns(clock_monotonic(), ns)
                           : deadline_of(real ? TIMER_REALTIME : TIMER_MONOTONIC, ns);
        }
        if (*word != value)
            return -EAGAIN;
        int result = wait_futex(deadline);
        return result > 0 ? 0 : result ? result : -ETIMEDOUT; // 0: as after a wake
    case LINUX_FUTEX_WAKE:
    case LINUX_FUTEX_WAKE_BITSET:
    case LINUX_FUTEX_REQUEUE:
    case LINUX_FUTEX_WAKE_OP:
        return 0;
    case LINUX_FUTEX_CMP_REQUEUE:
        return *word == value3 ? 0 : -EAGAIN;
    default:
        return -ENOSYS; // priority inheritance has no meaning with one task
    }
}

long sys_getrandom(void *buffer, size_t size, unsigned flags) {
    unsigned nonblock = 1, random = 2, insecure = 4;
    if ((flags & ~(nonblock | random | insecure)) ||
        (flags & (random | insecure)) == (random | insecure))
        return -EINVAL;
    if (size > INT32_MAX)
        size = INT32_MAX;
    if (!user_range(buffer, size))
        return -EFAULT;
    int error = size ? host_random(buffer, size) : 0;
    return error < 0 ? error : (long)size;
}
