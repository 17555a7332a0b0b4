// rt_sigaction(2), rt_sigprocmask(2), kill(2) and their family.
#ifndef KERNEL_SYS_SIGNALS_H
#define KERNEL_SYS_SIGNALS_H

#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

#include <stddef.h>

long sys_rt_sigaction(int signo, const struct linux_sigaction *new, struct linux_sigaction *old,
                      size_t size);
long sys_rt_sigprocmask(int how, const void *new, void *old, size_t size);
long sys_rt_sigpending(void *set, size_t size);
long sys_rt_sigsuspend(const void *set, size_t size);
long sys_rt_sigtimedwait(const void *set, struct linux_siginfo *info,
                         const struct linux_timespec *timeout, size_t size);
long sys_kill(int pid, int signo);
long sys_tkill(int tid, int signo);
long sys_tgkill(int pid, int tid, int signo);
long sys_pidfd_send_signal(int fd, int signo, const struct linux_siginfo *, unsigned flags);
long sys_rt_sigqueueinfo(int pid, int signo, const struct linux_siginfo *);
long sys_rt_tgsigqueueinfo(int pid, int tid, int signo, const struct linux_siginfo *);
long sys_sigaltstack(const struct linux_sigaltstack *new, struct linux_sigaltstack *old);

#endif
