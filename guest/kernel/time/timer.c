// The list of armed timers.
#include "time/timer.h"
#include "time/clock.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_time.h>

static KERNEL_STATE struct timer *armed;

int64_t timer_now(const struct timer *timer) {
    return timer->now                       ? timer->now(timer)
           : timer->clock == TIMER_REALTIME ? clock_realtime()
                                            : clock_monotonic();
}

void timer_disarm(struct timer *timer) {
    if (!timer->armed)
        return;
    struct timer **link = &armed;
    while (*link != timer)
        link = &(*link)->next;
    *link = timer->next;
    timer->armed = 0;
}

void timer_arm(struct timer *timer, int64_t expiry, int64_t interval) {
    timer_disarm(timer);
    timer->expiry = expiry;
    timer->interval = interval;
    timer->armed = 1;
    timer->next = armed;
    armed = timer;
}

int64_t timer_left(const struct timer *timer) {
    if (!timer->armed)
        return 0;
    int64_t left = timer->expiry - timer_now(timer);
    return left > 0 ? left : 1; // due, but not fired yet: still armed
}

static void expire(struct timer *timer, int64_t now) {
    uint64_t times = 1;
    if (timer->interval > 0) {
        times += (uint64_t)((now - timer->expiry) / timer->interval);
        timer->expiry = add_ns(timer->expiry, (int64_t)times * timer->interval);
    } else {
        timer_disarm(timer);
    }
    timer->fire(timer, times);
}

void timers_run(void) {
    if (!armed)
        return;
    int64_t monotonic = clock_monotonic();
    for (struct timer *timer = armed, *next; timer; timer = next) {
        next = timer->next; // firing disarms at most the timer itself
        int64_t now = timer->clock == TIMER_MONOTONIC ? monotonic : timer_now(timer);
        if (timer->expiry <= now)
            expire(timer, now);
    }
}

int timers_signal(void) {
    const struct timer *timer = armed;
    while (timer && !timer->signo)
        timer = timer->next;
    return timer != 0;
}

int64_t timer_wakes_at(const struct timer *timer) {
    // A processor's clock stands still while the program waits.
    return timer->armed && !timer->now ? deadline_of(timer->clock, timer->expiry) : INT64_MAX;
}

int64_t timers_next(const struct process *process, uint64_t signals) {
    int64_t soonest = INT64_MAX;
    for (struct timer *timer = armed; timer; timer = timer->next) {
        if (!timer->signo || timer->process != process || !(signals >> (timer->signo - 1) & 1))
            continue;
        int64_t wake = timer_wakes_at(timer);
        if (wake < soonest)
            soonest = wake;
    }
    return soonest;
}

void timer_show(const struct timer *timer, struct linux_itimerspec *shown) {
    ns_timespec(timer_left(timer), &shown->value);
    ns_timespec(timer->armed ? timer->interval : 0, &shown->interval);
}

int timer_set(struct timer *timer, int absolute, const struct linux_itimerspec *new) {
    int64_t value, interval;
    if (timespec_ns(&new->value, &value) || timespec_ns(&new->interval, &interval))
        return -EINVAL;
    if (value == 0)
        timer_disarm(timer);
    else
        timer_arm(timer, absolute ? value : add_ns(timer_now(timer), value), interval);
    return 0;
}

void timers_thaw(void) {
    while (armed)
        timer_disarm(armed);
}
