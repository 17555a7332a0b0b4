// The first process, and the end of any.
#include "task/process.h"
#include "host/host.h"
#include "task/task.h"
#include "task/timers.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_process.h>

// What a container engine gives: 1,048,576 open files would be a table no box needs.
#define NOFILE_SOFT 1024u
#define NOFILE_HARD 4096u
// Stack of the engine, not ours to change: what Linux says by default.
#define STACK_SOFT (8u << 20)
#define SIGNALS_QUEUED 4096u

static KERNEL_STATE void (*at_exit)(void);

void process_boot(void) {
    struct process *process = current->process;
    process->pid = process->pgid = process->sid = PROCESS_PID;
    process->ppid = PROCESS_PPID;
    process->leader->tid = PROCESS_PID;
    process->directories.umask = 022;
    process->dumpable = 1;
    struct linux_rlimit64 *limits = process->limits;
    for (int i = 0; i < LINUX_RLIMITS; i++)
        limits[i] = (struct linux_rlimit64){LINUX_RLIM_INFINITY, LINUX_RLIM_INFINITY};
    limits[LINUX_RLIMIT_NOFILE] = (struct linux_rlimit64){NOFILE_SOFT, NOFILE_HARD};
    limits[LINUX_RLIMIT_STACK].soft = STACK_SOFT;
    limits[LINUX_RLIMIT_CORE].soft = 0;
    limits[LINUX_RLIMIT_NPROC] = (struct linux_rlimit64){1, 1};
    limits[LINUX_RLIMIT_MEMLOCK] = (struct linux_rlimit64){8u << 20, 8u << 20};
    limits[LINUX_RLIMIT_SIGPENDING] = (struct linux_rlimit64){SIGNALS_QUEUED, SIGNALS_QUEUED};
    limits[LINUX_RLIMIT_MSGQUEUE] = (struct linux_rlimit64){819200, 819200};
    limits[LINUX_RLIMIT_NICE] = limits[LINUX_RLIMIT_RTPRIO] = (struct linux_rlimit64){0, 0};
    timers_begin(process);
    kernel_set_credentials(0, 0, NULL, 0);
}

void process_at_exit(void (*function)(void)) {
    at_exit = function;
}

// A program ends that another one waits for: nobody can go on.
static void tell_the_suspended(void) {
    static const char told[] =
        "boxer: a program that is not the last one of its script ended the process itself "
        "(_exit, abort or a signal), and so the script ends with it\n";
    if (current->process->suspended)
        host_write(2, told, sizeof told - 1);
}

void process_exit(int status) {
    tell_the_suspended();
    if (at_exit)
        at_exit();
    host_exit(status & 0xff);
}

const void *process_space(void) {
    return current->process;
}

int process_is_self(int pid) {
    return pid == 0 || pid == (int)current->process->pid;
}
