// setitimer(2), timer_create(2) and their relatives.
#include "sys/timers.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "task/timers.h"
#include "time/clock.h"
#include "time/timer.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

static int timeval_ns(const struct linux_timeval *time, int64_t *ns) {
    if (time->sec < 0 || time->usec < 0 || time->usec >= 1000000)
        return -EINVAL;
    struct linux_timespec spec = {.sec = time->sec, .nsec = (int32_t)time->usec * 1000};
    return timespec_ns(&spec, ns);
}

static struct linux_timeval ns_timeval(int64_t ns) {
    int64_t usec = (ns + 999) / 1000; // an armed timer never reads as 0
    return (struct linux_timeval){(long)(usec / 1000000), (long)(usec % 1000000)};
}

long sys_getitimer(int which, struct linux_itimerval *shown) {
    if (which < 0 || which > LINUX_ITIMER_PROF)
        return -EINVAL;
    if (!user_range(shown, sizeof *shown))
        return -EFAULT;
    struct timer *timer = &current->process->timers.interval[which];
    shown->value = ns_timeval(timer_left(timer));
    shown->interval = ns_timeval(timer->armed ? timer->interval : 0);
    return 0;
}

long sys_setitimer(int which, const struct linux_itimerval *new, struct linux_itimerval *old) {
    int64_t value = 0, interval = 0;
    if (which < 0 || which > LINUX_ITIMER_PROF)
        return -EINVAL;
    if (new && (!user_range(new, sizeof *new) || (old && !user_range(old, sizeof *old))))
        return -EFAULT;
    if (new && (timeval_ns(&new->value, &value) || timeval_ns(&new->interval, &interval)))
        return -EINVAL;
    if (old)
        sys_getitimer(which, old);
    struct timer *timer = &current->process->timers.interval[which];
    if (value)
        timer_arm(timer, add_ns(timer_now(timer), value), interval);
    else
        timer_disarm(timer);
    schedule_tells_host();
    return 0;
}

long sys_timer_create(int clockid, const struct linux_sigevent *event, int *id) {
    enum timer_clock clock;
    if (timer_clock_of(clockid, &clock))
        return -EINVAL;
    if ((event && !user_range(event, sizeof *event)) || !id || !user_range(id, sizeof *id))
        return -EFAULT;
    if (event && event->notify != LINUX_SIGEV_NONE) {
        if (event->notify != LINUX_SIGEV_SIGNAL && event->notify != LINUX_SIGEV_THREAD_ID)
            return -EINVAL;
        if (event->signo < 1 || event->signo > LINUX_NSIG)
            return -EINVAL;
        const struct task *task = task_find((uint32_t)event->tid);
        if (event->notify == LINUX_SIGEV_THREAD_ID && (!task || task->process != current->process))
            return -EINVAL;
    }
    int number;
    struct posix_timer *self = posix_timer_new(clock, &number);
    if (!self)
        return -EAGAIN;
    self->timer.signo = !event                              ? LINUX_SIGALRM
                        : event->notify == LINUX_SIGEV_NONE ? 0
                                                            : event->signo;
    self->tid = event && event->notify == LINUX_SIGEV_THREAD_ID ? (uint32_t)event->tid : 0;
    if (event)
        self->value = event->value;
    else
        self->value.number = number;
    *id = number;
    return 0;
}

long sys_timer_settime(int id, int flags, const struct linux_itimerspec *new,
                       struct linux_itimerspec *old) {
    struct posix_timer *self = posix_timer_find(id);
    if (!self)
        return -EINVAL;
    if (!new || !user_range(new, sizeof *new) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_itimerspec before;
    timer_show(&self->timer, &before);
    int error = timer_set(&self->timer, flags & LINUX_TIMER_ABSTIME, new);
    schedule_tells_host();
    self->overrun = error ? self->overrun : 0;
    if (!error && old)
        *old = before;
    return error;
}

long sys_timer_gettime(int id, struct linux_itimerspec *shown) {
    struct posix_timer *self = posix_timer_find(id);
    if (!self)
        return -EINVAL;
    if (!shown || !user_range(shown, sizeof *shown))
        return -EFAULT;
    timer_show(&self->timer, shown);
    return 0;
}

long sys_timer_getoverrun(int id) {
    struct posix_timer *self = posix_timer_find(id);
    return self ? self->overrun : -EINVAL;
}

long sys_timer_delete(int id) {
    struct posix_timer *self = posix_timer_find(id);
    if (!self)
        return -EINVAL;
    timer_disarm(&self->timer);
    self->used = 0;
    return 0;
}
