// The process itself: ids in the session, prctl(2), waiting for children.
//
// What is not here, and why: clone, fork, vfork, execve answer -ENOSYS (table.c). A second
// process is made by kernel_suspend alone (process/spawn.c).
#include "sys/process.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

long sys_getpgid(int pid) {
    return process_is_self(pid) ? (long)current->process->pgid : -ESRCH;
}

long sys_getsid(int pid) {
    return process_is_self(pid) ? (long)current->process->sid : -ESRCH;
}

long sys_setsid(void) {
    return -EPERM; // the process leads its group already
}

long sys_setpgid(int pid, int pgid) {
    if (pgid < 0)
        return -EINVAL;
    return process_is_self(pid) ? -EPERM : -ESRCH; // a session leader
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

long sys_waitid(int which, int pid, void *info, int options) {
    (void)pid, (void)info;
    int states = 0x2 | 0x4 | 0x8, known = states | 0x1 | 0x01000000 | 0x20000000 | 0x40000000;
    if (which < 0 || which > 3 || !(options & states) || (options & ~known))
        return -EINVAL;
    return -ECHILD;
}
