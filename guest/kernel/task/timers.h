// The timers of a process: setitimer(2), timer_create(2). Timer descriptors are files.
#ifndef KERNEL_TASK_TIMERS_H
#define KERNEL_TASK_TIMERS_H

#include "time/timer.h"

#include <boxer/linux_signal.h>

struct posix_timer {
    struct timer timer; // first: its fire() gets its address
    int used, overrun;  // of the last signal that was taken
    uint32_t tid;       // of the thread that is told; 0: any of its process
    uint32_t maker;     // the thread whose time TIMER_THREAD_CPU is
    union linux_sigval value;
};

struct process_timers {
    struct timer interval[3];  // setitimer(2): ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
    struct timer limit;        // RLIMIT_CPU's
    struct posix_timer *posix; // the table of timer_create(2), null before the first
};
void timers_begin(struct process *); // it has none but the limit's
void timers_exec(struct process *);  // those of setitimer(2) stay
void timers_end(struct process *);
void timers_limit(struct process *); // RLIMIT_CPU has changed

// Of the current process: one that sends nothing yet, null without room; the one named so, or null.
struct posix_timer *posix_timer_new(enum timer_clock, int *id);
struct posix_timer *posix_timer_find(int id);
void posix_timer_told(const struct linux_siginfo *); // a signal of one has been taken

#endif
