// Clocks, and arithmetic with times.
#ifndef KERNEL_TIME_CLOCK_H
#define KERNEL_TIME_CLOCK_H

#include <boxer/linux_time.h>

#include <stdint.h>

// The last two: a process's and a thread's time on the processor.
enum timer_clock { TIMER_MONOTONIC, TIMER_REALTIME, TIMER_CPU, TIMER_THREAD_CPU };

int64_t clock_monotonic(void), clock_realtime(void); // nanoseconds
int64_t clock_cpu(void);                             // time awake since the start of this life

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
