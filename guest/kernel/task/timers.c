// The timers of a process.
//
// Those of timer_create(2) send a signal to their process, or to one of its threads
// (SIGEV_THREAD_ID; SIGEV_THREAD is libc's business). RLIMIT_CPU is a timer, too: SIGXCPU at the
// soft limit and every second from there, SIGKILL at the hard one.
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

static int64_t time_of_process(const struct timer *timer) {
    return usage_own(timer->process);
}

static int64_t time_of_thread(const struct timer *timer) {
    const struct task *task = task_find(((const struct posix_timer *)timer)->maker);
    return task ? usage_of_task(task) : 0;
}

static void itimer_fire(struct timer *timer, uint64_t times) {
    (void)times;
    signal_send(timer->process, timer->signo, LINUX_SI_KERNEL, NULL);
}

static int sum(int overrun, uint64_t more) {
    return more > (uint64_t)(INT32_MAX - overrun) ? INT32_MAX : overrun + (int)more;
}

// Its signal is pending once, and says how often it would have been sent since.
static void posix_fire(struct timer *timer, uint64_t times) {
    struct posix_timer *self = (struct posix_timer *)timer;
    struct task *task = self->tid ? task_find(self->tid) : NULL;
    if (!timer->signo || (self->tid && !task))
        return; // SIGEV_NONE
    int id = (int)(self - timer->process->timers.posix);
    struct linux_siginfo *pending =
        signal_of_timer(task ? &task->signals.pending : &timer->process->signals.pending, id);
    if (pending) {
        pending->timer.overrun = sum(pending->timer.overrun, times);
        return;
    }
    struct linux_siginfo info = {.code = LINUX_SI_TIMER};
    info.timer.id = id;
    info.timer.overrun = sum(0, times - 1);
    info.timer.value = self->value;
    if (task)
        signal_send_task(task, timer->signo, LINUX_SI_TIMER, &info);
    else
        signal_send(timer->process, timer->signo, LINUX_SI_TIMER, &info);
}

void posix_timer_told(const struct linux_siginfo *info) {
    struct posix_timer *self = posix_timer_find(info->timer.id);
    if (self)
        self->overrun = info->timer.overrun;
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
            .timer = {.process = process, .clock = clock, .fire = posix_fire},
            .used = 1,
            .maker = current->tid,
        };
        self->timer.now = clock == TIMER_CPU          ? time_of_process
                          : clock == TIMER_THREAD_CPU ? time_of_thread
                                                      : NULL;
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

static int64_t seconds_ns(uint64_t seconds) {
    return seconds > INT64_MAX / NSEC_PER_SEC ? INT64_MAX : (int64_t)seconds * NSEC_PER_SEC;
}

static void limit_fire(struct timer *timer, uint64_t times) {
    (void)times;
    int64_t hard = seconds_ns(timer->process->limits[LINUX_RLIMIT_CPU].hard);
    int is_over = timer_now(timer) >= hard;
    signal_send(timer->process, is_over ? LINUX_SIGKILL : LINUX_SIGXCPU, LINUX_SI_KERNEL, NULL);
    int64_t next = add_ns(timer->expiry, NSEC_PER_SEC);
    if (!is_over)
        timer_arm(timer, next < hard ? next : hard, 0);
}

void timers_limit(struct process *process) {
    struct timer *timer = &process->timers.limit;
    const struct linux_rlimit64 *limit = &process->limits[LINUX_RLIMIT_CPU];
    timer_disarm(timer);
    *timer = (struct timer){.process = process,
                            .clock = TIMER_CPU,
                            .now = time_of_process,
                            .fire = limit_fire,
                            .signo = LINUX_SIGXCPU};
    if (limit->soft != LINUX_RLIM_INFINITY)
        timer_arm(timer, seconds_ns(limit->soft ? limit->soft : 1), 0);
}

void timers_begin(struct process *process) {
    static const int signals[] = {LINUX_SIGALRM, LINUX_SIGVTALRM, LINUX_SIGPROF};
    process->timers = (struct process_timers){.posix = NULL};
    for (int i = 0; i <= LINUX_ITIMER_PROF; i++)
        process->timers.interval[i] =
            (struct timer){.process = process,
                           .clock = i == LINUX_ITIMER_REAL ? TIMER_MONOTONIC : TIMER_CPU,
                           .now = i == LINUX_ITIMER_REAL ? NULL : time_of_process,
                           .fire = itimer_fire,
                           .signo = signals[i]};
    timers_limit(process);
}

void timers_exec(struct process *process) {
    posix_timers_end(process);
}

void timers_end(struct process *process) {
    for (int i = 0; i <= LINUX_ITIMER_PROF; i++)
        timer_disarm(&process->timers.interval[i]);
    timer_disarm(&process->timers.limit);
    posix_timers_end(process);
}
