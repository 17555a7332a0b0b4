// timer_create(2): timers that send a signal.
//
// SIGEV_THREAD is libc's business and needs pthread_create: it fails there. SIGEV_THREAD_ID names
// the task that makes the timer.
#include "memory.h"
#include "process.h"
#include "syscalls_runtime.h"
#include "task.h"
#include "timer.h"

#include <boxer/linux_errno.h>

#define TIMERS 64 // a fixed table: a program has a handful

struct posix_timer {
    struct timer timer; // first: fire() gets its address
    int used, overrun;
    union linux_sigval value;
};

static void fire(struct timer *timer, uint64_t times) {
    struct posix_timer *self = (struct posix_timer *)timer;
    self->overrun = times - 1 > INT32_MAX ? INT32_MAX : (int)(times - 1);
    if (!timer->signo)
        return; // SIGEV_NONE
    struct linux_siginfo info = {.code = LINUX_SI_TIMER};
    info.timer.id = (int)(self - timer->process->timers.posix);
    info.timer.overrun = self->overrun;
    info.timer.value = self->value;
    signal_send(timer->process, timer->signo, LINUX_SI_TIMER, &info);
}

static struct posix_timer *find(int id) {
    struct posix_timer *timers = current->process->timers.posix;
    return timers && id >= 0 && id < TIMERS && timers[id].used ? &timers[id] : NULL;
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
        if (event->notify == LINUX_SIGEV_THREAD_ID && event->tid != (int)current->tid)
            return -EINVAL;
    }
    struct process *process = current->process;
    if (!process->timers.posix)
        process->timers.posix = kzalloc(TIMERS * sizeof *process->timers.posix);
    for (int i = 0; process->timers.posix && i < TIMERS; i++) {
        struct posix_timer *self = &process->timers.posix[i];
        if (self->used)
            continue;
        *self = (struct posix_timer){.timer = {.process = process, .clock = clock, .fire = fire},
                                     .used = 1};
        self->timer.signo = !event                              ? LINUX_SIGALRM
                            : event->notify == LINUX_SIGEV_NONE ? 0
                                                                : event->signo;
        if (event)
            self->value = event->value;
        else
            self->value.number = i;
        *id = i;
        return 0;
    }
    return -EAGAIN;
}

long sys_timer_settime(int id, int flags, const struct linux_itimerspec *new,
                       struct linux_itimerspec *old) {
    struct posix_timer *self = find(id);
    if (!self)
        return -EINVAL;
    if (!new || !user_range(new, sizeof *new) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_itimerspec before;
    timer_show(&self->timer, &before);
    int error = timer_set(&self->timer, flags & LINUX_TIMER_ABSTIME, new);
    if (!error && old)
        *old = before;
    return error;
}

long sys_timer_gettime(int id, struct linux_itimerspec *shown) {
    struct posix_timer *self = find(id);
    if (!self)
        return -EINVAL;
    if (!shown || !user_range(shown, sizeof *shown))
        return -EFAULT;
    timer_show(&self->timer, shown);
    return 0;
}

long sys_timer_getoverrun(int id) {
    struct posix_timer *self = find(id);
    return self ? self->overrun : -EINVAL;
}

void posix_timers_end(struct process *process) {
    for (int i = 0; process->timers.posix && i < TIMERS; i++)
        timer_disarm(&process->timers.posix[i].timer);
    kfree(process->timers.posix);
    process->timers.posix = NULL;
}

long sys_timer_delete(int id) {
    struct posix_timer *self = find(id);
    if (!self)
        return -EINVAL;
    timer_disarm(&self->timer);
    self->used = 0;
    return 0;
}
