// rt_sigaction(2), rt_sigprocmask(2), kill(2) and their family.
#include "sys/signals.h"
#include "fs/proc/proc.h"
#include "ipc/pidfd.h"
#include "mm/memory.h"
#include "task/arrived.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"
#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>
#include <string.h>

#define SET(signo) (1ull << ((signo) - 1))
#define SET_SIZE 8u // _NSIG / 8

static int valid(int signo) {
    return signo >= 1 && signo <= LINUX_NSIG;
}

long sys_rt_sigaction(int signo, const struct linux_sigaction *new, struct linux_sigaction *old,
                      size_t size) {
    if (size != SET_SIZE || !valid(signo))
        return -EINVAL;
    if (new && (signo == LINUX_SIGKILL || signo == LINUX_SIGSTOP))
        return -EINVAL;
    if ((new && !user_range(new, sizeof *new)) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_sigaction *action = &current->process->signals.actions[signo], before = *action;
    if (new) {
        *action = *new;
        signals_tell_host();
        // POSIX: setting to ignore, or to a default that ignores, drops what is pending.
        struct linux_siginfo dropped;
        int drop =
            new->handler == LINUX_SIG_IGN ||
            (new->handler == LINUX_SIG_DFL && (signo == LINUX_SIGCHLD || signo == LINUX_SIGCONT ||
                                               signo == LINUX_SIGURG || signo == LINUX_SIGWINCH));
        while (drop && signal_take(SET(signo), &dropped))
            ;
    }
    if (old)
        *old = before;
    return 0;
}

long sys_rt_sigprocmask(int how, const void *new, void *old, size_t size) {
    uint64_t before = signal_mask(), set = 0;
    if (size != SET_SIZE)
        return -EINVAL;
    int error = signal_mask_read(new, size, &set);
    if (error || (old && !user_range(old, size)))
        return error ? error : -EFAULT;
    if (new) {
        if (how == LINUX_SIG_BLOCK)
            set = before | set;
        else if (how == LINUX_SIG_UNBLOCK)
            set = before & ~set;
        else if (how != LINUX_SIG_SETMASK)
            return -EINVAL;
        signal_mask_swap(set);
    }
    if (old)
        memcpy(old, &before, size);
    return 0;
}

long sys_rt_sigpending(void *set, size_t size) {
    uint64_t pending = signal_pending_set() & signal_mask();
    if (size > SET_SIZE)
        return -EINVAL;
    if (!user_range(set, size))
        return -EFAULT;
    memcpy(set, &pending, size);
    return 0;
}

long sys_rt_sigsuspend(const void *set, size_t size) {
    uint64_t mask;
    if (!set)
        return -EFAULT;
    int error = signal_mask_read(set, size, &mask);
    if (error)
        return error;
    uint64_t old = signal_mask_swap(mask);
    int result = wait_until(INT64_MAX);
    signal_mask_restore(old, result == -EINTR);
    return result;
}

long sys_rt_sigtimedwait(const void *set, struct linux_siginfo *info,
                         const struct linux_timespec *timeout, size_t size) {
    uint64_t wanted;
    int64_t ns = 0, deadline = INT64_MAX;
    struct linux_siginfo taken;
    if (!set)
        return -EFAULT;
    int error = signal_mask_read(set, size, &wanted);
    if (error)
        return error;
    if ((info && !user_range(info, sizeof *info)) ||
        (timeout && !user_range(timeout, sizeof *timeout)))
        return -EFAULT;
    if (timeout && (error = timespec_ns(timeout, &ns)))
        return error;
    if (timeout)
        deadline = add_ns(clock_monotonic(), ns);
    wanted &= ~(SET(LINUX_SIGKILL) | SET(LINUX_SIGSTOP));
    current->signals.waited = wanted;
    int signo = signal_take(wanted, &taken), result = 0;
    if (!signo) {
        result = wait_until(deadline);
        signo = signal_take(wanted, &taken);
    }
    current->signals.waited = 0;
    if (signo && info)
        *info = taken;
    return signo ? signo : result ? result : -EAGAIN;
}

static int may_signal(const struct process *process, int signo) {
    const struct credentials *own = current_cred(), *its = &process->credentials;
    return process == current->process || own->euid == 0 || own->euid == its->suid ||
           own->euid == its->ruid || own->ruid == its->suid || own->ruid == its->ruid ||
           (signo == LINUX_SIGCONT && process->sid == current->process->sid);
}

static long send_one(struct process *process, int signo, int code,
                     const struct linux_siginfo *info) {
    if (!may_signal(process, signo))
        return -EPERM;
    return signo ? signal_send(process, signo, code, info) : 0;
}

// Of the processes that are meant, some must be there, and some of those may be sent it.
static long send_many(uint32_t pgid, int signo, int code, const struct linux_siginfo *info) {
    long result = -ESRCH;
    struct process *self = current->process;
    for (struct process *process = processes; process; process = process->next) {
        if (pgid ? process->pgid != pgid : process == self)
            continue;
        long one = send_one(process, signo, code, info);
        if (one == 0 || result == -ESRCH)
            result = one;
    }
    return result;
}

// init has no handlers: root's signals do nothing there, others may not send any.
static long send_init(void) {
    return current_cred()->euid == 0 ? 0 : -EPERM;
}

static long send(int pid, int signo, int code, const struct linux_siginfo *info) {
    if (signo < 0 || signo > LINUX_NSIG)
        return -EINVAL;
    if (pid == 0)
        return send_many(current->process->pgid, signo, code, info);
    if (pid == -1)
        return send_many(0, signo, code, info);
    if (pid < 0)
        return pid == INT32_MIN ? -ESRCH : send_many((uint32_t)-pid, signo, code, info);
    if (pid == PROCESS_PPID)
        return send_init();
    struct process *process = process_find((uint32_t)pid);
    return process ? send_one(process, signo, code, info) : -ESRCH;
}

static long send_task(int pid, int tid, int signo, int code, const struct linux_siginfo *info) {
    struct task *task = task_find((uint32_t)tid);
    if (!task || (pid && (int)task->process->pid != pid))
        return -ESRCH;
    if (signo < 0 || signo > LINUX_NSIG)
        return -EINVAL;
    if (!may_signal(task->process, signo))
        return -EPERM;
    return signo == 0 ? 0 : signal_send_task(task, signo, code, info);
}

long sys_kill(int pid, int signo) {
    return send(pid, signo, LINUX_SI_USER, NULL);
}

// A descriptor of the process, or of its folder in /proc.
static const struct process *process_of_descriptor(int fd, int *error) {
    const struct process *process = pidfd_process(fd, error);
    const struct file *file = *error == -EBADF ? fd_file(fd) : NULL;
    uint32_t pid = file && file->inode ? proc_process_of(file->inode) : 0;
    if (!pid)
        return process;
    process = process_find(pid);
    *error = process ? 0 : -ESRCH;
    return process;
}

long sys_pidfd_send_signal(int fd, int signo, const struct linux_siginfo *info, unsigned flags) {
    int error;
    const struct process *process = process_of_descriptor(fd, &error);
    if (flags)
        return -EINVAL;
    if (!process)
        return error;
    if (!info)
        return send((int)process->pid, signo, LINUX_SI_USER, NULL);
    if (!user_range(info, sizeof *info))
        return -EFAULT;
    if (info->signo != signo)
        return -EINVAL;
    return sys_rt_sigqueueinfo((int)process->pid, signo, info);
}

long sys_tkill(int tid, int signo) {
    return tid <= 0 ? -EINVAL : send_task(0, tid, signo, LINUX_SI_TKILL, NULL);
}

long sys_tgkill(int pid, int tid, int signo) {
    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    return send_task(pid, tid, signo, LINUX_SI_TKILL, NULL);
}

long sys_rt_sigqueueinfo(int pid, int signo, const struct linux_siginfo *info) {
    if (!user_range(info, sizeof *info))
        return -EFAULT;
    if ((info->code >= 0 || info->code == LINUX_SI_TKILL) && pid != (int)current->process->pid)
        return -EPERM; // only the kernel says so
    return send(pid, signo, info->code, info);
}

long sys_rt_tgsigqueueinfo(int pid, int tid, int signo, const struct linux_siginfo *info) {
    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    if (!user_range(info, sizeof *info))
        return -EFAULT;
    return send_task(pid, tid, signo, info->code, info);
}

long sys_sigaltstack(const struct linux_sigaltstack *new, struct linux_sigaltstack *old) {
    struct linux_sigaltstack *alternate = &current->signals.alternate;
    if ((new && !user_range(new, sizeof *new)) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_sigaltstack before = *alternate;
    if (!before.sp)
        before = (struct linux_sigaltstack){.flags = LINUX_SS_DISABLE};
    if (new) {
        if (new->flags & ~(LINUX_SS_DISABLE | LINUX_SS_ONSTACK | (int)0x80000000u))
            return -EINVAL;
        if (!(new->flags & LINUX_SS_DISABLE) && new->size < LINUX_MINSIGSTKSZ)
            return -ENOMEM;
        *alternate = new->flags & LINUX_SS_DISABLE ? (struct linux_sigaltstack){0} : *new;
    }
    if (old)
        *old = before;
    return 0;
}
