// The process itself: ids in the session, prctl(2), waiting for children.
#include "sys/process.h"
#include "ipc/pidfd.h"
#include "mm/memory.h"
#include "process/children.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

static const struct process *named(int pid) {
    return pid ? process_find((uint32_t)pid) : current->process;
}

long sys_getpgid(int pid) {
    const struct process *process = named(pid);
    return process ? (long)process->pgid : -ESRCH;
}

long sys_getsid(int pid) {
    const struct process *process = named(pid);
    return process ? (long)process->sid : -ESRCH;
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

// The set of flags of wait4(2) and waitid(2).
#define OPTIONS (WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL | WCLONE)

static void put_usage(struct linux_rusage *usage, int64_t cpu_ns) {
    if (!usage)
        return;
    memset(usage, 0, sizeof *usage);
    int64_t us = cpu_ns / 1000;
    usage->utime = (struct linux_timeval){(long)(us / 1000000), (long)(us % 1000000)};
}

// Of waitid(2) with P_PIDFD. A descriptor with O_NONBLOCK has nobody wait.
static int pid_of_descriptor(int fd, uint32_t *pid, int *patient) {
    int error;
    const struct process *process = pidfd_process(fd, &error);
    if (!process)
        return error == -ESRCH ? -ECHILD : error;
    *pid = process->pid;
    *patient = !(fd_file(fd)->flags & O_NONBLOCK);
    return 0;
}

long sys_pidfd_open(int pid, unsigned flags) {
    if ((flags & ~(unsigned)O_NONBLOCK) || pid <= 0)
        return -EINVAL;
    const struct process *process = process_find((uint32_t)pid);
    if (!process)
        return task_find((uint32_t)pid) ? -EINVAL : -ESRCH; // a thread that is no process
    return pidfd_new(process, (int)(flags | O_CLOEXEC));
}

long sys_waitid(int which, int id, struct linux_siginfo *info, unsigned options,
                struct linux_rusage *usage) {
    struct changed changed;
    if ((options & ~OPTIONS) || !(options & (WSTOPPED | WEXITED | WCONTINUED)) || which < 0 ||
        which > WAIT_PIDFD)
        return -EINVAL;
    if ((which == WAIT_PID && id <= 0) || (which == WAIT_GROUP && id < 0))
        return -EINVAL;
    if ((info && !user_range(info, sizeof *info)) || (usage && !user_range(usage, sizeof *usage)))
        return -EFAULT;
    uint32_t whom = which == WAIT_GROUP && !id ? current->process->pgid : (uint32_t)id;
    int patient = 1;
    long error = which == WAIT_PIDFD ? pid_of_descriptor(id, &whom, &patient) : 0;
    if (error)
        return error;
    which = which == WAIT_PIDFD ? WAIT_PID : which;
    error = children_wait(which, whom, patient ? options : options | WNOHANG, &changed);
    if (error)
        return error;
    if (!changed.pid && !patient && !(options & WNOHANG))
        return -EAGAIN;
    if (info) {
        memset(info, 0, sizeof *info);
        if (changed.pid)
            *info = (struct linux_siginfo){.signo = LINUX_SIGCHLD, .code = changed.code};
        info->child.pid = changed.pid;
        info->child.uid = changed.uid;
        info->child.status = changed.status;
    }
    if (changed.pid)
        put_usage(usage, changed.cpu_ns);
    return 0;
}
