// Clocks.
//
// Invariants
// 1. The monotonic clock never goes back, across freeze and thaw too: a thawed machine goes on from
//    the value it was frozen at.
// 2. CPU time is the time not spent in waits since the start of this life: the host has no other.
#include "time/clock.h"
#include "host/host.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_time.h>

static KERNEL_STATE int64_t offset; // of the monotonic clock from the host's
static KERNEL_STATE int64_t started, slept, frozen_at;

int64_t add_ns(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

int timespec_ns(const struct linux_timespec *time, int64_t *ns) {
    if (time->sec < 0 || time->nsec < 0 || time->nsec >= NSEC_PER_SEC)
        return -EINVAL;
    int64_t whole;
    if (__builtin_mul_overflow(time->sec, NSEC_PER_SEC, &whole))
        whole = INT64_MAX;
    *ns = add_ns(whole, time->nsec);
    return 0;
}

void ns_timespec(int64_t ns, struct linux_timespec *time) {
    int64_t sec = ns / NSEC_PER_SEC, rest = ns % NSEC_PER_SEC;
    if (rest < 0) {
        sec--;
        rest += NSEC_PER_SEC;
    }
    *time = (struct linux_timespec){.sec = sec, .nsec = (int32_t)rest};
}

int64_t clock_monotonic(void) {
    return host_clock(0) + offset;
}

int64_t clock_realtime(void) {
    return host_clock(1);
}

int64_t clock_cpu(void) {
    return clock_monotonic() - started - slept;
}

void clock_slept(int64_t ns) {
    slept += ns;
}

void clock_boot(void) {
    offset = 0;
    slept = 0;
    started = frozen_at = clock_monotonic();
}

void clock_freeze(void) {
    frozen_at = clock_monotonic();
}

void clock_thaw(void) {
    offset = frozen_at - host_clock(0);
    slept = 0;
    started = frozen_at;
}

int64_t deadline_of(enum timer_clock clock, int64_t expiry) {
    if (clock == TIMER_MONOTONIC || expiry == INT64_MAX)
        return expiry;
    int64_t now = clock == TIMER_REALTIME ? clock_realtime() : clock_cpu();
    int64_t left = expiry > now ? expiry - now : 0;
    return add_ns(clock_monotonic(), left);
}

int timer_clock_of(int clockid, enum timer_clock *clock) {
    switch (clockid) {
    case LINUX_CLOCK_REALTIME:
    case LINUX_CLOCK_REALTIME_ALARM:
    case LINUX_CLOCK_TAI:
        *clock = TIMER_REALTIME;
        return 0;
    case LINUX_CLOCK_MONOTONIC:
    case LINUX_CLOCK_BOOTTIME:
    case LINUX_CLOCK_BOOTTIME_ALARM:
        *clock = TIMER_MONOTONIC;
        return 0;
    case LINUX_CLOCK_PROCESS_CPUTIME:
        *clock = TIMER_CPU;
        return 0;
    case LINUX_CLOCK_THREAD_CPUTIME:
        *clock = TIMER_THREAD_CPU;
        return 0;
    default:
        return -EINVAL;
    }
}
