// A process: what its tasks share.
#ifndef KERNEL_TASK_PROCESS_H
#define KERNEL_TASK_PROCESS_H

#include "mm/memory.h"
#include "task/credentials.h"
#include "task/signal.h"
#include "task/timers.h"
#include "task/wait.h"
#include "vfs/fd.h"
#include "vfs/path.h"

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
    struct process *suspended; // whose place this one has taken (process/suspend.c), or null
    uint32_t pid, ppid, pgid, sid;
    struct credentials credentials;
    struct linux_rlimit64 limits[LINUX_RLIMITS];
    struct descriptors descriptors;
    struct directories directories;
    struct process_signals signals;
    struct process_timers timers;
    struct memory_map memory;
    int ticks_wanted; // kernel_want_ticks
    int no_new_privs, dumpable, parent_death_signal, subreaper;
    char *exe, *cmdline, *environ; // cmdline and environ: NUL-separated, as /proc shows them
    size_t cmdline_size, environ_size;
};

void process_boot(void);
_Noreturn void process_exit(int status); // the host gets the status as it is
// What is done before that: by shared mappings, which lie above.
void process_at_exit(void (*)(void));

// Which memory is in place: the same for all that share it.
const void *process_space(void);

int process_is_self(int pid); // the current one, as system calls name it

#endif
