// The timers of a process.
//
// Those of timer_create(2) send a signal to their process, or to one of its threads
// (SIGEV_THREAD_ID; SIGEV_THREAD is libc's business).
#include "task/timers.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "time/timer.h"

#include <boxer/linux_signal.h>
#include <boxer/linux_time.h>

#define TIMERS 64 // a fixed table: a program has a handful

static void itimer_fire(struct timer *timer, uint64_t times) {
    (void)times;
    signal_send(timer->process, timer->signo, LINUX_SI_KERNEL, NULL);
}

static void posix_fire(struct timer *timer, uint64_t times) {
    struct posix_timer *self = (struct posix_timer *)timer;
    self->overrun = times - 1 > INT32_MAX ? INT32_MAX : (int)(times - 1);
    if (!timer->signo)
        return; // SIGEV_NONE
    struct linux_siginfo info = {.code = LINUX_SI_TIMER};
    info.timer.id = (int)(self - timer->process->timers.posix);
    info.timer.overrun = self->overrun;
    info.timer.value = self->value;
    struct task *task = self->tid ? task_find(self->tid) : NULL;
    if (task)
        signal_send_task(task, timer->signo, LINUX_SI_TIMER, &info);
    else if (!self->tid)
        signal_send(timer->process, timer->signo, LINUX_SI_TIMER, &info);
}

struct posix_timer *posix_timer_find(int id) {
    struct posix_timer *timers = current->process->timers.posix;
    return timers && id >= 0 && id < TIMERS && timers[id].used ? &timers[id] : NULL;
}

struct posix_timer *posix_timer_new(enum timer_clock clock, int *id) {
    struct process *process = current->process;
    if (!process->timers.posix)
        process->timers.posix = kzalloc(TIMERS * sizeof *process->timers.posix);
    for (int i = 0; process->timers.posix && i < TIMERS; i++) {
        struct posix_timer *self = &process->timers.posix[i];
        if (self->used)
            continue;
        *self = (struct posix_timer){
            .timer = {.process = process, .clock = clock, .fire = posix_fire}, .used = 1};
        *id = i;
        return self;
    }
    return NULL;
}

static void posix_timers_end(struct process *process) {
    for (int i = 0; process->timers.posix && i < TIMERS; i++)
        timer_disarm(&process->timers.posix[i].timer);
    kfree(process->timers.posix);
    process->timers.posix = NULL;
}

void timers_begin(struct process *process) {
    static const int signals[] = {LINUX_SIGALRM, LINUX_SIGVTALRM, LINUX_SIGPROF};
    process->timers.posix = NULL;
    for (int i = 0; i <= LINUX_ITIMER_PROF; i++)
        process->timers.interval[i] =
            (struct timer){.process = process,
                           .clock = i == LINUX_ITIMER_REAL ? TIMER_MONOTONIC : TIMER_CPU,
                           .fire = itimer_fire,
                           .signo = signals[i]};
}

void timers_end(struct process *process) {
    for (int i = 0; i <= LINUX_ITIMER_PROF; i++)
        timer_disarm(&process->timers.interval[i]);
    posix_timers_end(process);
}
