// The one process: credentials, limits, signals as other files of the kernel need them.
//
// There is one process and one thread; nothing is ever scheduled behind the program's back.
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <boxer/boot.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

#include <stddef.h>
#include <stdint.h>

#define NGROUPS_KEPT 64

// As under `docker run --init`: the program is not pid 1, so a signal it sends itself has the usual
// default action, and kill(-pgid) does not mean kill(-1).
#define PROCESS_PID 7
#define PROCESS_PPID 1

struct process {
    uint32_t pid, ppid, pgid, sid;
    uint32_t ruid, euid, suid, fsuid;
    uint32_t rgid, egid, sgid, fsgid;
    uint32_t groups[NGROUPS_KEPT], group_count;
    uint32_t credentials; // how often they were set: who opened a file is known by it
    uint32_t umask;
    uint64_t nofile; // RLIMIT_NOFILE, soft
    uint64_t fsize;  // RLIMIT_FSIZE, soft
    struct linux_rlimit64 limits[LINUX_RLIMITS];
    uint64_t capabilities; // effective == permitted
    int nice, keep_caps, no_new_privs, dumpable, parent_death_signal, subreaper;
    char hostname[65], domainname[65];
    char comm[16];
    char *exe, *cmdline, *environ; // cmdline and environ: NUL-separated, as /proc shows them
    size_t cmdline_size, environ_size;
};

extern struct process process;

void process_boot(void);
int process_in_group(uint32_t gid);
_Noreturn void process_exit(int status); // the host gets the status as it is

int signal_pending(void);     // a deliverable signal waits
void signal_raise(int signo); // to this process, as the kernel
// As a caller sends it. 0, -EINVAL, or -EAGAIN when too many real-time signals are queued.
int signal_send(int signo, int code, const struct linux_siginfo *info);
// Runs the handlers (or default actions) of deliverable signals. Returns whether a system call that
// was interrupted is to be restarted: every handler that ran has SA_RESTART, or none ran.
int signal_deliver(void);
void signal_boot(void);
void signal_thaw(void); // what was pending in the first life is forgotten
// For ppoll, pselect6, epoll_pwait, rt_sigsuspend: waits under another mask.
uint64_t signal_mask_swap(uint64_t mask);
uint64_t signal_mask(void);
void signal_mask_restore(uint64_t mask, int interrupted); // delivers first when interrupted
// Reads a sigset of `size` bytes from the caller; 0, -EINVAL or -EFAULT. Null: *mask is unchanged.
int signal_mask_read(const void *set, size_t size, uint64_t *mask);
// Takes one pending signal out of `set`: its number or 0. For sigtimedwait and signalfd.
int signal_take(uint64_t set, struct linux_siginfo *info);
uint64_t signal_pending_set(void);
uint64_t signal_wakeable(void); // signals that end a wait when they are raised

void suspend_tell(void); // a program ends that another one waits for: nobody can go on
// suspend.c: what a suspended program's signals were.
struct signal_state;
struct signals_kept {
    struct signal_state *state;
};
int signal_suspend(struct signals_kept *);
void signal_resume(struct signals_kept *);

int64_t clock_monotonic(void), clock_realtime(void); // nanoseconds
int64_t clock_cpu(void);                             // time awake since the start of this life

// limits.c. Notes a limit of boot.h's BOXER_REACHED_* for the host to see.
void limit_reached(unsigned which);

#endif
