// clock_gettime(2), clock_getres(2), clock_settime(2), clock_nanosleep(2), times(2).
#include "sys/clock.h"
#include "host/host.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"
#include "task/wait.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_time.h>

#define OF_A_THREAD 4 // a bit of the clocks that pthread_getcpuclockid(3) names

// Whose time a clock is that clock_getcpuclockid(3) or its relative names: ~id << 3 | kind, of this
// process or one of its threads; 0 means the caller. Null: nobody's.
static const struct task *task_of_clock(int clockid) {
    uint32_t id = ~(uint32_t)clockid >> 3 & 0x1fffffff;
    if ((clockid & 3) == 3)
        return NULL;
    if (!id || (!(clockid & OF_A_THREAD) && id == current->process->pid))
        return current;
    const struct task *task = clockid & OF_A_THREAD ? task_find(id) : NULL;
    return task && task->process == current->process ? task : NULL;
}

// Clocks that can be read: those with timers, the raw and coarse ones, and those of tasks.
static int readable_clock(int clockid, enum timer_clock *clock) {
    if (clockid < 0) {
        *clock = clockid & OF_A_THREAD ? TIMER_THREAD_CPU : TIMER_CPU;
        return task_of_clock(clockid) ? 0 : -EINVAL;
    }
    if (clockid == LINUX_CLOCK_MONOTONIC_RAW || clockid == LINUX_CLOCK_MONOTONIC_COARSE)
        clockid = LINUX_CLOCK_MONOTONIC;
    if (clockid == LINUX_CLOCK_REALTIME_COARSE)
        clockid = LINUX_CLOCK_REALTIME;
    return timer_clock_of(clockid, clock);
}

static int64_t clock_now(int clockid, enum timer_clock clock) {
    const struct task *task = clockid < 0 ? task_of_clock(clockid) : current;
    return clock == TIMER_REALTIME     ? clock_realtime()
           : clock == TIMER_CPU        ? usage_own(current->process)
           : clock == TIMER_THREAD_CPU ? usage_of_task(task)
                                       : clock_monotonic();
}

long sys_clock_gettime(int clockid, struct linux_timespec *now) {
    enum timer_clock clock;
    int error = readable_clock(clockid, &clock);
    if (error)
        return error;
    if (!user_range(now, sizeof *now))
        return -EFAULT;
    ns_timespec(clock_now(clockid, clock), now);
    return 0;
}

long sys_clock_getres(int clockid, struct linux_timespec *resolution) {
    enum timer_clock clock;
    int error = readable_clock(clockid, &clock);
    if (error || !resolution)
        return error;
    if (!user_range(resolution, sizeof *resolution))
        return -EFAULT;
    ns_timespec(host_clock_resolution(clock == TIMER_REALTIME), resolution);
    return 0;
}

long sys_clock_settime(int clockid, const struct linux_timespec *time) {
    enum timer_clock clock;
    int64_t ns;
    int error = readable_clock(clockid, &clock);
    if (error || clockid != LINUX_CLOCK_REALTIME)
        return -EINVAL;
    if (!user_range(time, sizeof *time))
        return -EFAULT;
    error = timespec_ns(time, &ns);
    return error ? error : -EPERM; // the host's clock is not ours to set, root or not
}

long sys_clock_nanosleep(int clockid, int flags, const struct linux_timespec *request,
                         struct linux_timespec *left) {
    enum timer_clock clock;
    int64_t ns;
    int error = timer_clock_of(clockid, &clock);
    if (error || clockid == LINUX_CLOCK_THREAD_CPUTIME)
        return -EINVAL;
    if (!user_range(request, sizeof *request))
        return -EFAULT;
    if ((error = timespec_ns(request, &ns)))
        return error;
    int absolute = flags & LINUX_TIMER_ABSTIME;
    int64_t deadline = absolute ? deadline_of(clock, ns) : add_ns(clock_monotonic(), ns);
    error = wait_until(deadline);
    if (error == -EINTR && !absolute && left) {
        if (!user_range(left, sizeof *left))
            return -EFAULT;
        int64_t rest = deadline - clock_monotonic();
        ns_timespec(rest > 0 ? rest : 0, left);
    }
    return error;
}

static long ticks(int64_t ns) {
    return (long)(ns / (NSEC_PER_SEC / LINUX_TICKS_PER_SECOND));
}

long sys_times(struct linux_tms *times) {
    if (times) {
        if (!user_range(times, sizeof *times))
            return -EFAULT;
        *times = (struct linux_tms){
            .utime = ticks(usage_own(current->process)),
            .cutime = ticks(current->process->usage.children_ns),
        };
    }
    // Cut to the machine word as on Linux; never negative, which would look like an error.
    return (long)(clock_monotonic() / (NSEC_PER_SEC / LINUX_TICKS_PER_SECOND) & 0x7fffffff);
}
