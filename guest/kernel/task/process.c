// The first process, and the end of any.
#include "task/process.h"
#include "host/host.h"
#include "task/exit.h"
#include "task/task.h"
#include "task/timers.h"
#include "time/clock.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_process.h>
#include <string.h>

// What a container engine gives: 1,048,576 open files would be a table no box needs.
#define NOFILE_SOFT 1024u
#define NOFILE_HARD 65536u // MOST_FILES of src/boxer/runtime/limits.py
// Stack of the engine, not ours to change: what Linux says by default.
#define STACK_SOFT (8u << 20)
#define SIGNALS_QUEUED 4096u

KERNEL_STATE struct process *processes;
static KERNEL_STATE void (*at_exit)(void), (*at_end)(void);

void process_boot(void) {
    struct process *process = current->process;
    processes = process;
    process->pid = process->pgid = process->sid = PROCESS_PID;
    process->space = space_in_place;
    process->leader->tid = PROCESS_PID;
    process->directories.umask = 022;
    process->dumpable = 1;
    struct linux_rlimit64 *limits = process->limits;
    for (int i = 0; i < LINUX_RLIMITS; i++)
        limits[i] = (struct linux_rlimit64){LINUX_RLIM_INFINITY, LINUX_RLIM_INFINITY};
    limits[LINUX_RLIMIT_NOFILE] = (struct linux_rlimit64){NOFILE_SOFT, NOFILE_HARD};
    limits[LINUX_RLIMIT_STACK].soft = STACK_SOFT;
    limits[LINUX_RLIMIT_CORE].soft = 0;
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

void process_at_end(void (*function)(void)) {
    at_end = function;
}

int process_is_first(const struct process *process) {
    return process == processes;
}

int process_wait_status(int exit_status) {
    return (exit_status & 0xff) << 8;
}

// As a shell reports it.
static int host_status(int wait_status) {
    return wait_status & 0x7f ? 128 + (wait_status & 0x7f) : wait_status >> 8;
}

static _Noreturn void end_machine(int wait_status) {
    if (at_exit)
        at_exit();
    host_exit(host_status(wait_status));
}

void process_kill(struct process *process, int wait_status) {
    if (process->state != PROCESS_RUNS)
        return;
    process->state = PROCESS_ENDS;
    process->status = wait_status;
    for (struct task *task = tasks; task; task = task->next)
        if (task->process == process && task != current && task->state != TASK_ENDED)
            task_kill(task);
}

// Only with no other stack there: that of a fiber would have been exchanged for this one.
int process_leave(void) {
    if (!process_is_first(current->process) || task_count() > 1 || current->fibers)
        return 0;
    process_kill(current->process, 0);
    if (current->process->status)
        return 0;
    if (at_exit)
        at_exit();
    return 1;
}

static _Noreturn void end(int wait_status) {
    struct process *process = current->process;
    process_kill(process, wait_status);
    if (process_is_first(process))
        end_machine(process->status);
    task_end_for_good();
}

void process_exit(int status) {
    end(process_wait_status(status));
}

void process_die(int signo) {
    end(signo);
}

// The processor's time from the last switch on is the current task's.
static KERNEL_STATE int64_t charged;

static int64_t uncharged(void) {
    int64_t now = clock_cpu();
    return now > charged ? now - charged : 0;
}

void usage_charge(void) {
    int64_t more = uncharged();
    current->process->usage.own_ns += more;
    current->used_ns += more;
    charged += more;
}

void usage_thaw(void) {
    charged = 0;
    current->process->usage = (struct usage){0, 0};
    memset(current->process->transfers, 0, sizeof current->process->transfers);
    current->used_ns = 0;
}

static int has_processor(const struct process *process) {
    for (const struct task *task = tasks; task; task = task->next)
        if (task->process == process && task->state == TASK_RUNS)
            return 1;
    return 0;
}

int64_t usage_own(const struct process *process) {
    return process->usage.own_ns + (has_processor(process) ? uncharged() : 0);
}

int64_t usage_of_task(const struct task *task) {
    return task->used_ns + (task->state == TASK_RUNS ? uncharged() : 0);
}

void process_ended(void) {
    if (process_is_first(current->process))
        end_machine(current->process->status);
    if (at_end)
        at_end();
}

struct process *process_find(uint32_t pid) {
    struct process *process = processes;
    while (process && process->pid != pid)
        process = process->next;
    return process;
}

uint32_t process_parent_id(const struct process *process) {
    return process->parent ? process->parent->pid : PROCESS_PPID;
}

unsigned process_count(void) {
    unsigned count = 0;
    for (const struct process *process = processes; process; process = process->next)
        count++;
    return count;
}

void process_add(struct process *process) {
    struct process **link = &processes;
    while (*link)
        link = &(*link)->next;
    process->next = NULL;
    *link = process;
}

void process_remove(struct process *process) {
    struct process **link = &processes;
    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
}

const void *process_space(void) {
    return space_in_place;
}

int process_is_self(int pid) {
    return pid == 0 || pid == (int)current->process->pid;
}
