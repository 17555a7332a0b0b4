// Everything that happens later: interval timers, POSIX timers, timer descriptors.
//
// Invariants
// 1. An armed timer is on the list; expiry is in nanoseconds of its own clock.
// 2. Timers run at the entry of a system call and in waits, never in between; a program that asks
//    for ticks makes a call at each. They run whichever process is in place.
#ifndef KERNEL_TIME_TIMER_H
#define KERNEL_TIME_TIMER_H

#include "time/clock.h"

#include <boxer/linux_time.h>

#include <stdint.h>

struct process;

struct timer {
    struct timer *next;
    struct process *process; // whom its signal is for
    enum timer_clock clock;
    int64_t (*now)(const struct timer *); // of a processor's clock: whose time it is
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
int timers_signal(void); // whether an armed one sends a signal, which may be for who computes
// When the next timer that sends the process one of these signals fires, on the monotonic clock;
// INT64_MAX: none.
int64_t timers_next(const struct process *, uint64_t signals);
int64_t timer_wakes_at(const struct timer *); // the same of one timer
void timers_thaw(void);                       // all timers of the first life are disarmed

#endif
