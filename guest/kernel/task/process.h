// A process: what its tasks share.
#ifndef KERNEL_TASK_PROCESS_H
#define KERNEL_TASK_PROCESS_H

#include "mm/space.h"
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

struct order;
struct task;

enum process_state { PROCESS_RUNS, PROCESS_ENDS, PROCESS_ZOMBIE };

// Processor time, of a process and of its children that were waited for.
struct usage {
    int64_t own_ns, children_ns;
};

// Bytes that reads, or writes, have moved, and how many of these calls there were.
struct transfers {
    uint64_t bytes;
    uint32_t calls;
};

struct process {
    struct process *next;   // of all, oldest first
    struct process *parent; // null: pid 1, which is nobody here
    struct task *leader;    // its first task; null: it has none any more
    enum process_state state;
    uint32_t pid, pgid, sid;
    int status;                 // as wait4(2) tells it, of one that ends
    int exit_signal;            // to its parent, mostly SIGCHLD; 0: none
    int is_gone;                // and freed with its last task
    int is_stopped;             // until it is continued
    int stop_signal, continued; // what its parent has not been told yet
    unsigned life;              // of the machine, the last it has heard of (process/life.c)
    int borrows;                // its parent's memory, which waits until it has its own (vfork)
    int has_begun_program;      // execve(2): setpgid(2) of it is not its parent's any more
    const struct process *waits_for; // whose lock of a file it waits for (vfs/locks.c)
    struct usage usage;
    struct transfers transfers[2]; // by READING and WRITING (vfs/io.h)
    int64_t started_ns;            // on the monotonic clock
    char comm[16];                 // of a zombie: its last task's
    struct controlling *terminal;  // of its session (task/group.h), or null
    struct space *space;
    struct credentials credentials;
    struct linux_rlimit64 limits[LINUX_RLIMITS];
    struct descriptors descriptors;
    struct directories directories;
    struct process_signals signals;
    struct process_timers timers;
    int ticks_wanted; // kernel_want_ticks
    int no_new_privs, dumpable, parent_death_signal, subreaper;
    char *exe, *cmdline, *environ; // cmdline and environ: NUL-separated, as /proc shows them
    size_t cmdline_size, environ_size;
    struct order *order; // by which it was begun (process/ordered.c), or null
    char *arguments;     // of a program that begins, until it has them: process/exec.c
};

extern struct process *processes; // all, oldest first: the first one is the machine's program

void process_boot(void);
// The current process ends, with a status of exit(3) or by a signal: all its tasks do. With the
// first one the machine ends.
_Noreturn void process_exit(int status);
_Noreturn void process_die(int signo);
int process_leave(void); // kernel_leave
// Another one, or the current one: its tasks end as soon as they go on.
void process_kill(struct process *, int wait_status);
// What is done before the machine ends, and when the last task of another process does: by what
// lies above.
void process_at_exit(void (*)(void));
void process_at_end(void (*)(void));
void process_ended(void); // the current one; its last task is about to leave

int64_t usage_own(const struct process *); // up to now
int64_t usage_of_task(const struct task *);
void usage_thaw(void);
void usage_charge(void);                    // the current task had the processor until now
struct process *process_find(uint32_t pid); // zombies too; null: none
uint32_t process_parent_id(const struct process *);
unsigned process_count(void);
void process_add(struct process *);
void process_remove(struct process *);
int process_is_first(const struct process *);
int process_wait_status(int exit_status);

// Which memory is in place: the same for all that share it.
const void *process_space(void);

int process_is_self(int pid); // the current one, as system calls name it

#endif
