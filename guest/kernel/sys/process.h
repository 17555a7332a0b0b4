// The process itself: ids in the session, prctl(2), waiting for children.
#ifndef KERNEL_SYS_PROCESS_H
#define KERNEL_SYS_PROCESS_H

struct linux_rusage;
struct linux_siginfo;

long sys_getpgid(int pid);
long sys_getsid(int pid);
long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
long sys_pidfd_open(int pid, unsigned flags);
long sys_waitid(int which, int id, struct linux_siginfo *, unsigned options, struct linux_rusage *);

#endif
