// A process: what its tasks share. Also signals and clocks as other files of the kernel need them.
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include "credentials.h"
#include "file.h"
#include "memory.h"
#include "path.h"
#include "signal_state.h"
#include "timer.h"
#include "wait.h"

#include <boxer/boot.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

#include <stddef.h>
#include <stdint.h>

// As under `docker run --init`: the program is not pid 1, so a signal it sends itself has the usual
// default action, and kill(-pgid) does not mean kill(-1).
#define PROCESS_PID 7
#define PROCESS_PPID 1

struct task;

struct process {
    struct task *leader;       // its first task
    struct process *suspended; // whose place this one has taken (suspend.c), or null
    uint32_t pid, ppid, pgid, sid;
    struct credentials credentials;
    struct linux_rlimit64 limits[LINUX_RLIMITS];
    struct descriptors descriptors;
    struct directories directories;
    struct process_signals signals;
    struct process_timers timers;
    struct memory_map memory;
    struct company company;
    int no_new_privs, dumpable, parent_death_signal, subreaper;
    char *exe, *cmdline, *environ; // cmdline and environ: NUL-separated, as /proc shows them
    size_t cmdline_size, environ_size;
};

void process_boot(void);
int process_in_group(uint32_t gid);
_Noreturn void process_exit(int status); // the host gets the status as it is
// What is done before that: by shared mappings, which lie above.
void process_at_exit(void (*)(void));

int signal_pending(void);     // a deliverable signal waits
void signal_raise(int signo); // to this process, as the kernel
// To a process or to one task, as the current task sends it; code LINUX_SI_KERNEL: as the kernel.
// 0, -EINVAL, or -EAGAIN when too many real-time signals are queued.
int signal_send(struct process *, int signo, int code, const struct linux_siginfo *info);
int signal_send_task(struct task *, int signo, int code, const struct linux_siginfo *info);
// Runs the handlers (or default actions) of deliverable signals. Returns whether a system call that
// was interrupted is to be restarted: every handler that ran has SA_RESTART, or none ran.
int signal_deliver(void);
void signal_thaw(void); // what was pending in the first life is forgotten
// A copy of another task begins a program: nothing is pending, and what is ignored stays ignored.
void signal_exec(struct task *);
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

int64_t clock_monotonic(void), clock_realtime(void); // nanoseconds
int64_t clock_cpu(void);                             // time awake since the start of this life

// Names of the machine (uname(2)); all its processes are in one UTS namespace.
struct uts {
    char hostname[65], domainname[65];
};
extern struct uts uts;
void uts_boot(void);

#endif
