// The one process: credentials, limits, signals as other files of the kernel need them.
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#define NGROUPS_KEPT 64

struct process {
    uint32_t pid, ppid;
    uint32_t ruid, euid, suid, fsuid;
    uint32_t rgid, egid, sgid, fsgid;
    uint32_t groups[NGROUPS_KEPT], group_count;
    uint32_t umask;
    uint64_t nofile; // RLIMIT_NOFILE, soft
    uint64_t fsize;  // RLIMIT_FSIZE, soft
    char hostname[65];
    char comm[16];
    char *exe, *cmdline, *environ; // cmdline and environ: NUL-separated, as /proc shows them
    size_t cmdline_size, environ_size;
};

extern struct process process;

int process_in_group(uint32_t gid);
int signal_pending(void);    // a deliverable signal waits
void signal_raise(int signo); // to this process
int64_t clock_monotonic(void), clock_realtime(void); // nanoseconds

#endif
