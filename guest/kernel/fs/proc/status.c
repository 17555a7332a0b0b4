// /proc/self/status, stat, statm, limits: the process in figures (proc_pid_status(5) and its kin).
#include "fs/proc/status.h"
#include "fs/proc/text.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "task/group.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "vfs/fd.h"

#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

#define TERMINAL_NUMBER 0x8800u // tty_nr of /dev/pts/0
#define TICKS(ns) U((ns) / (NSEC_PER_SEC / LINUX_TICKS_PER_SECOND))

static uint64_t memory_size(void) {
    if (current->state == TASK_ENDED)
        return 0;
    return memory_end();
}

// All of linear memory below the heap is the program's own data and stack.
uint64_t resident_pages(void) {
    if (current->state == TASK_ENDED)
        return 0;
    return memory_floor() / PAGE_SIZE + space_pages(current->process->space);
}

struct dispositions {
    uint64_t ignored, caught;
};

static struct dispositions dispositions(void) {
    struct dispositions found = {0, 0};
    const struct process_signals *signals = &current->process->signals;
    for (int signo = 1; signo <= LINUX_NSIG; signo++) {
        uintptr_t handler = signals->actions[signo].handler;
        uint64_t bit = 1ull << (signo - 1);
        if (handler == LINUX_SIG_IGN)
            found.ignored |= bit;
        else if (handler != LINUX_SIG_DFL)
            found.caught |= bit;
    }
    return found;
}

static unsigned descriptors(void) {
    unsigned count = 0;
    for (int fd = fd_next(0); fd >= 0; fd = fd_next(fd + 1))
        count = (unsigned)fd + 1;
    return count < 64 ? 64 : (count + 63) / 64 * 64; // as Linux: the table's size
}

// What one task is doing, by the letters of proc_pid_stat(5). The one that asks is running.
static const char *state_name(void) {
    if (current->state == TASK_ENDED)
        return "Z (zombie)";
    if (current->process->is_stopped)
        return "T (stopped)";
    return current->state == TASK_WAITS ? "S (sleeping)" : "R (running)";
}

static void show_identity(struct text *text) {
    const struct process *own = current->process;
    const struct credentials *who = current_cred();
    uint32_t umask = own->directories.umask;
    text_print(text, "Name:\t%s\nUmask:\t%s%u%u%u\nState:\t%s\n", current->comm, "0",
               U(umask >> 6 & 7), U(umask >> 3 & 7), U(umask & 7), state_name());
    text_print(text, "Tgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n", U(own->pid),
               U(current->tid), U(process_parent_id(own)));
    text_print(text, "Uid:\t%u\t%u\t%u\t%u\n", U(who->ruid), U(who->euid), U(who->suid),
               U(who->fsuid));
    text_print(text, "Gid:\t%u\t%u\t%u\t%u\n", U(who->rgid), U(who->egid), U(who->sgid),
               U(who->fsgid));
    text_print(text, "FDSize:\t%u\nGroups:\t", U(descriptors()));
    for (uint32_t i = 0; i < who->group_count; i++)
        text_print(text, "%u ", U(who->groups[i]));
    text_print(text, "\nNStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", U(own->pid),
               U(current->tid), U(own->pgid), U(own->sid));
}

static void show_memory(struct text *text) {
    uint64_t size = memory_size() / 1024, resident = resident_pages() * (PAGE_SIZE / 1024);
    text_print(text, "VmPeak:\t%8u kB\nVmSize:\t%8u kB\nVmLck:\t       0 kB\n", size, size);
    text_print(text, "VmHWM:\t%8u kB\nVmRSS:\t%8u kB\nRssAnon:\t%8u kB\n", resident, resident,
               resident);
    text_print(text, "VmData:\t%8u kB\nVmSwap:\t       0 kB\n", size);
}

void show_status(struct text *text) {
    struct dispositions signals = dispositions();
    show_identity(text);
    show_memory(text);
    text_print(text, "Threads:\t%u\nSigQ:\t0/%u\n", U(task_count_of(current->process)),
               rlimit(LINUX_RLIMIT_SIGPENDING));
    text_print(text, "SigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x\n",
               current->signals.pending.set, current->process->signals.pending.set, signal_mask());
    text_print(text, "SigIgn:\t%016x\nSigCgt:\t%016x\n", signals.ignored, signals.caught);
    text_print(text, "CapInh:\t%016x\nCapPrm:\t%016x\nCapEff:\t%016x\n", U(0),
               current_cred()->capabilities, current_cred()->capabilities);
    text_print(text, "CapBnd:\t%016x\nCapAmb:\t%016x\n", current_cred()->capabilities, U(0));
    text_print(text, "NoNewPrivs:\t%d\nSeccomp:\t0\n", D(current->process->no_new_privs));
    text_print(text, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\n");
    text_print(text, "Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t%u\n",
               U(current->switches[1]));
    text_print(text, "nonvoluntary_ctxt_switches:\t%u\n", U(current->switches[0]));
}

// The fields of proc_pid_stat(5), by their numbers.
void show_stat(struct text *text) {
    struct dispositions signals = dispositions();
    uint64_t blocked = signal_mask();
    const struct controlling *terminal = current->process->terminal;
    text_print(text, "%u (%s) ", U(current->tid), current->comm);
    text_add(text, state_name(), 1);
    text_print(text, " %u %u %u %u %d 0 0 0 0 0 ", U(process_parent_id(current->process)),
               U(current->process->pgid), U(current->process->sid),
               U(terminal ? TERMINAL_NUMBER : 0),
               D(terminal ? (int)terminal->foreground : -1)); // 1-13
    text_print(text, "%u 0 %u 0 %d %d %u 0 %u ", TICKS(usage_own(current->process)),
               TICKS(current->process->usage.children_ns), D(20 + current->nice), D(current->nice),
               U(task_count_of(current->process)),
               TICKS(current->process->started_ns)); // 14-22
    text_print(text, "%u %u %u ", memory_size(), resident_pages(),
               rlimit(LINUX_RLIMIT_RSS)); // 23-25
    text_print(text, "0 0 0 0 0 %u %u %u %u ", signal_pending_set() & 0x7fffffff,
               blocked & 0x7fffffff, signals.ignored & 0x7fffffff,
               signals.caught & 0x7fffffff); // 26-34
    text_print(text, "0 0 0 17 0 0 %d 0 0 0 0 0 0 0 0 0 0 0\n",
               D(current->policy & ~LINUX_SCHED_RESET_ON_FORK)); // 35-52
}

void show_statm(struct text *text) {
    uint64_t size = memory_size() / PAGE_SIZE;
    text_print(text, "%u %u 0 0 0 %u 0\n", size, resident_pages(), size);
}

void show_io(struct text *text) {
    const struct transfers *io = current->process->transfers;
    text_print(text, "rchar: %u\nwchar: %u\nsyscr: %u\nsyscw: %u\n", io[0].bytes, io[1].bytes,
               U(io[0].calls), U(io[1].calls));
    text_print(text, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
}

static const struct {
    const char *name, *unit;
} limits[LINUX_RLIMITS] = {
    [LINUX_RLIMIT_CPU] = {"Max cpu time", "seconds"},
    [LINUX_RLIMIT_FSIZE] = {"Max file size", "bytes"},
    [LINUX_RLIMIT_DATA] = {"Max data size", "bytes"},
    [LINUX_RLIMIT_STACK] = {"Max stack size", "bytes"},
    [LINUX_RLIMIT_CORE] = {"Max core file size", "bytes"},
    [LINUX_RLIMIT_RSS] = {"Max resident set", "bytes"},
    [LINUX_RLIMIT_NPROC] = {"Max processes", "processes"},
    [LINUX_RLIMIT_NOFILE] = {"Max open files", "files"},
    [LINUX_RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
    [LINUX_RLIMIT_AS] = {"Max address space", "bytes"},
    [LINUX_RLIMIT_LOCKS] = {"Max file locks", "locks"},
    [LINUX_RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
    [LINUX_RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
    [LINUX_RLIMIT_NICE] = {"Max nice priority", ""},
    [LINUX_RLIMIT_RTPRIO] = {"Max realtime priority", ""},
    [LINUX_RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
};

// A cell padded on its right.
static void add_cell(struct text *text, size_t before, size_t width) {
    while (!text->failed && text->size - before < width)
        text_add(text, " ", 1);
}

static void add_limit(struct text *text, uint64_t value) {
    size_t before = text->size;
    if (value == LINUX_RLIM_INFINITY)
        text_print(text, "unlimited");
    else
        text_print(text, "%u", value);
    add_cell(text, before, 21);
}

void show_limits(struct text *text) {
    text_print(text,
               "Limit                     Soft Limit           Hard Limit           Units     \n");
    for (int i = 0; i < LINUX_RLIMITS; i++) {
        size_t before = text->size;
        text_print(text, "%s", limits[i].name);
        add_cell(text, before, 26);
        add_limit(text, rlimit(i));
        add_limit(text, current->process->limits[i].hard);
        before = text->size;
        text_print(text, "%s", limits[i].unit);
        add_cell(text, before, 10);
        text_print(text, "\n");
    }
}
