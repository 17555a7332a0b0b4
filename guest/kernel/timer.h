// Everything that happens later: interval timers, POSIX timers, timer descriptors.
//
// Invariants
// 1. An armed timer is on the list; expiry is in nanoseconds of its own clock.
// 2. Timers run at the entry of a system call and in waits, never in between: nobody interrupts the
//    program's own computing. They run whichever process is in place.
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include <boxer/linux_time.h>

#include <stdint.h>

enum timer_clock { TIMER_MONOTONIC, TIMER_REALTIME, TIMER_CPU };

struct process;

struct timer {
    struct timer *next;
    struct process *process; // whom its signal is for
    enum timer_clock clock;
    int armed;
    int signo;                // what it sends; 0: nothing (a descriptor)
    int64_t expiry, interval; // interval 0: once
    void (*fire)(struct timer *, uint64_t times);
};

void timer_arm(struct timer *, int64_t expiry, int64_t interval);
void timer_disarm(struct timer *);
int64_t timer_now(const struct timer *);
int64_t timer_left(const struct timer *); // nanoseconds until it fires, 0: disarmed
// What timer_gettime(2) shows and timer_settime(2) sets; -EINVAL for bad times.
void timer_show(const struct timer *, struct linux_itimerspec *shown);
int timer_set(struct timer *, int absolute, const struct linux_itimerspec *new);
// Fires what is due. Cheap when nothing is armed.
void timers_run(void);
// When the next timer that sends the current process one of these signals fires, on the monotonic
// clock; INT64_MAX: none.
int64_t timers_next(uint64_t signals);
int64_t timer_wakes_at(const struct timer *); // the same of one timer
void timers_thaw(void);                       // all timers of the first life are disarmed

// What a process has of timers; timer descriptors are files.
struct posix_timer;
struct process_timers {
    struct timer interval[3];  // setitimer(2): ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
    struct posix_timer *posix; // the table of timer_create(2), null before the first
};
void timers_begin(struct process *); // it has none
void timers_end(struct process *);
void posix_timers_end(struct process *);

// -EINVAL for clocks that have no timers.
int timer_clock_of(int clockid, enum timer_clock *clock);
// Validates and converts; -EINVAL for negative or overlong nanoseconds. Saturates at INT64_MAX.
int timespec_ns(const struct linux_timespec *, int64_t *ns);
void ns_timespec(int64_t ns, struct linux_timespec *);
int64_t add_ns(int64_t a, int64_t b); // saturating, for deadlines
// An absolute deadline of `clock` on the monotonic clock.
int64_t deadline_of(enum timer_clock clock, int64_t expiry);

void clock_boot(void), clock_freeze(void), clock_thaw(void);
void clock_slept(int64_t ns); // a wait tells how long it slept: clock_cpu leaves it out

#endif
