// System calls of the runtime half: memory, time, signals, the process, waiting, sockets.
//
// Arguments are typed as the man pages have them; 64-bit ones are joined by syscall.c. Each returns
// a value >= 0 or -errno.
#ifndef KERNEL_SYSCALLS_RUNTIME_H
#define KERNEL_SYSCALLS_RUNTIME_H

#include <boxer/linux_poll.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

#include <stddef.h>
#include <stdint.h>

// mmap.c
long sys_mmap(uintptr_t address, size_t size, int prot, int flags, int fd, int64_t offset);
long sys_munmap(uintptr_t address, size_t size);
long sys_mremap(uintptr_t address, size_t old_size, size_t size, int flags, uintptr_t new_address);
long sys_brk(uintptr_t end);
// mmap_advice.c
long sys_mprotect(uintptr_t address, size_t size, int prot);
long sys_madvise(uintptr_t address, size_t size, int advice);
long sys_msync(uintptr_t address, size_t size, int flags);
long sys_mlock(uintptr_t address, size_t size, int flags);
long sys_munlock(uintptr_t address, size_t size);
long sys_mlockall(int flags);
long sys_munlockall(void);
long sys_mincore(uintptr_t address, size_t size, unsigned char *map);

// clock.c
long sys_clock_gettime(int clockid, struct linux_timespec *now);
long sys_clock_getres(int clockid, struct linux_timespec *resolution);
long sys_clock_settime(int clockid, const struct linux_timespec *time);
long sys_clock_nanosleep(int clockid, int flags, const struct linux_timespec *request,
                         struct linux_timespec *left);
long sys_times(struct linux_tms *);
// timer.c, posix_timer.c, timerfd.c
long sys_getitimer(int which, struct linux_itimerval *shown);
long sys_setitimer(int which, const struct linux_itimerval *new, struct linux_itimerval *old);
long sys_timer_create(int clockid, const struct linux_sigevent *, int *id);
long sys_timer_settime(int id, int flags, const struct linux_itimerspec *new,
                       struct linux_itimerspec *old);
long sys_timer_gettime(int id, struct linux_itimerspec *shown);
long sys_timer_getoverrun(int id);
long sys_timer_delete(int id);
long sys_timerfd_create(int clockid, int flags);
long sys_timerfd_settime(int fd, int flags, const struct linux_itimerspec *new,
                         struct linux_itimerspec *old);
long sys_timerfd_gettime(int fd, struct linux_itimerspec *shown);

// signal_calls.c, signalfd.c
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
long sys_rt_sigqueueinfo(int pid, int signo, const struct linux_siginfo *);
long sys_rt_tgsigqueueinfo(int pid, int tid, int signo, const struct linux_siginfo *);
long sys_sigaltstack(const struct linux_sigaltstack *new, struct linux_sigaltstack *old);
long sys_signalfd4(int fd, const void *set, size_t size, int flags);

// credentials.c
long sys_setuid(uint32_t), sys_setgid(uint32_t);
long sys_setreuid(uint32_t ruid, uint32_t euid), sys_setregid(uint32_t rgid, uint32_t egid);
long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid);
long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid);
long sys_getresuid(uint32_t *ruid, uint32_t *euid, uint32_t *suid);
long sys_getresgid(uint32_t *rgid, uint32_t *egid, uint32_t *sgid);
long sys_setfsuid(uint32_t), sys_setfsgid(uint32_t);
long sys_getgroups(int count, uint32_t *groups);
long sys_setgroups(size_t count, const uint32_t *groups);
long sys_capget(struct linux_cap_header *, struct linux_cap_data *);
long sys_capset(struct linux_cap_header *, const struct linux_cap_data *);

// process.c
long sys_getpgid(int pid), sys_getsid(int pid), sys_setsid(void), sys_setpgid(int pid, int pgid);
long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
long sys_getpriority(int which, int who), sys_setpriority(int which, int who, int nice);
long sys_sched_getaffinity(int pid, size_t size, void *mask);
long sys_sched_setaffinity(int pid, size_t size, const void *mask);
long sys_sched_getparam(int pid, int *priority);
long sys_sched_setscheduler(int pid, int policy, const int *priority);
long sys_sched_priority_bound(int policy, int highest);
long sys_sched_rr_get_interval(int pid, struct linux_timespec *);
long sys_getcpu(unsigned *cpu, unsigned *node);
long sys_waitid(int which, int pid, void *info, int options);
long sys_futex(uint32_t *word, int operation, uint32_t value, const struct linux_timespec *timeout,
               uint32_t *other, uint32_t value3);
long sys_getrandom(void *buffer, size_t size, unsigned flags);
// limits.c
long sys_prlimit64(int pid, int resource, const struct linux_rlimit64 *new,
                   struct linux_rlimit64 *old);
long sys_getrusage(int who, struct linux_rusage *);
long sys_sysinfo(struct linux_sysinfo *);
long sys_uname(struct linux_utsname *);
long sys_sethostname(const char *name, size_t size),
    sys_setdomainname(const char *name, size_t size);

// poll.c, epoll.c
long sys_ppoll(struct linux_pollfd *, unsigned count, const struct linux_timespec *timeout,
               const void *mask, size_t mask_size);
long sys_pselect6(int count, unsigned long *in, unsigned long *out, unsigned long *except,
                  struct linux_timespec *timeout, const void *mask_and_size);
long sys_epoll_create1(int flags);
long sys_epoll_ctl(int epfd, int operation, int fd, const struct linux_epoll_event *);
long sys_epoll_pwait(int epfd, struct linux_epoll_event *, int count, int timeout_ms,
                     const void *mask, size_t mask_size);
long sys_epoll_pwait2(int epfd, struct linux_epoll_event *, int count,
                      const struct linux_timespec *timeout, const void *mask, size_t mask_size);

// pipe.c, eventfd.c
long sys_pipe2(int *fds, int flags);
long sys_eventfd2(unsigned count, int flags);

#endif
