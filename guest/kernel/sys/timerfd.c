// timerfd_create(2), timerfd_settime(2), timerfd_gettime(2).
#include "sys/timerfd.h"
#include "ipc/timerfd.h"
#include "mm/memory.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_time.h>

long sys_timerfd_create(int clockid, int flags) {
    enum timer_clock clock;
    if ((uint32_t)flags & ~(O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    if (timer_clock_of(clockid, &clock) || clock >= TIMER_CPU)
        return -EINVAL;
    return timerfd_new(clock, flags);
}

long sys_timerfd_settime(int fd, int flags, const struct linux_itimerspec *new,
                         struct linux_itimerspec *old) {
    int error;
    if (flags & ~(LINUX_TIMER_ABSTIME | LINUX_TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    if (!new || !user_range(new, sizeof *new) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_itimerspec before;
    error = timerfd_set(fd, flags & LINUX_TIMER_ABSTIME, new, &before);
    if (!error && old)
        *old = before;
    return error;
}

long sys_timerfd_gettime(int fd, struct linux_itimerspec *shown) {
    struct linux_itimerspec now;
    int error = timerfd_show(fd, &now);
    if (error)
        return error;
    if (!shown || !user_range(shown, sizeof *shown))
        return -EFAULT;
    *shown = now;
    return 0;
}
