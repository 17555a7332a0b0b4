// The process itself: ids in the session, prctl(2), waiting for children.
#ifndef KERNEL_SYS_PROCESS_H
#define KERNEL_SYS_PROCESS_H

long sys_getpgid(int pid);
long sys_getsid(int pid);
long sys_setsid(void);
long sys_setpgid(int pid, int pgid);
long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
long sys_waitid(int which, int pid, void *info, int options);

#endif
