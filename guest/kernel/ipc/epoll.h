// epoll(7).
#ifndef KERNEL_IPC_EPOLL_H
#define KERNEL_IPC_EPOLL_H

#include <boxer/linux_poll.h>

#include <stdint.h>

struct epoll;
struct file;

// A descriptor; flags as descriptor_for has them.
long epoll_new(int flags);
struct epoll *epoll_of(int epfd, int *error); // null with *error -EBADF or -EINVAL
// epoll_ctl(2): the file can be polled, `event` is read but for EPOLL_CTL_DEL.
long epoll_control(struct epoll *, int operation, int fd, struct file *,
                   const struct linux_epoll_event *event);
// How many events are in `events` now; 0 at the deadline, -EINTR, -EDEADLK.
int epoll_report(struct epoll *, struct linux_epoll_event *events, int count, int64_t deadline);

#endif
