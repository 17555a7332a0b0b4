// epoll_create1(2), epoll_ctl(2), epoll_pwait(2), epoll_pwait2(2).
#include "sys/epoll.h"
#include "ipc/epoll.h"
#include "mm/memory.h"
#include "sys/poll.h"
#include "task/signal.h"
#include "time/clock.h"
#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_time.h>

long sys_epoll_create1(int flags) {
    return (uint32_t)flags & ~O_CLOEXEC ? -EINVAL : epoll_new(flags);
}

long sys_epoll_ctl(int epfd, int operation, int fd, const struct linux_epoll_event *event) {
    int error;
    struct file *file = fd_file(fd);
    struct epoll *self = epoll_of(epfd, &error);
    if (!file || error == -EBADF)
        return -EBADF;
    if (operation != LINUX_EPOLL_CTL_DEL && (!event || !user_range(event, sizeof *event)))
        return -EFAULT;
    if (!file->ops->poll)
        return -EPERM; // regular files and directories are always ready: not for epoll
    return error ? error : epoll_control(self, operation, fd, file, event);
}

static long epoll_wait_until(int epfd, struct linux_epoll_event *events, int count,
                             int64_t deadline, const void *set, size_t set_size) {
    int error;
    uint64_t mask = signal_mask();
    if (count <= 0 || (size_t)count > INT32_MAX / sizeof *events)
        return -EINVAL;
    if (!events || !user_range(events, (size_t)count * sizeof *events))
        return -EFAULT;
    struct epoll *self = epoll_of(epfd, &error);
    if (error || (error = signal_mask_read(set, set_size, &mask)))
        return error;
    uint64_t old = signal_mask_swap(mask);
    int ready = epoll_report(self, events, count, deadline);
    signal_mask_restore(old, ready == -EINTR);
    return ready;
}

long sys_epoll_pwait(int epfd, struct linux_epoll_event *events, int count, int timeout_ms,
                     const void *set, size_t set_size) {
    int64_t deadline = timeout_ms < 0    ? INT64_MAX
                       : timeout_ms == 0 ? 0
                                         : add_ns(clock_monotonic(), timeout_ms * 1000000ll);
    return epoll_wait_until(epfd, events, count, deadline, set, set_size);
}

long sys_epoll_pwait2(int epfd, struct linux_epoll_event *events, int count,
                      const struct linux_timespec *timeout, const void *set, size_t set_size) {
    int64_t deadline;
    int error = poll_deadline(timeout, &deadline);
    return error ? error : epoll_wait_until(epfd, events, count, deadline, set, set_size);
}
