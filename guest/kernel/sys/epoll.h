// epoll_create1(2), epoll_ctl(2), epoll_pwait(2), epoll_pwait2(2).
#ifndef KERNEL_SYS_EPOLL_H
#define KERNEL_SYS_EPOLL_H

#include <boxer/linux_poll.h>
#include <boxer/linux_time.h>

#include <stddef.h>

long sys_epoll_create1(int flags);
long sys_epoll_ctl(int epfd, int operation, int fd, const struct linux_epoll_event *);
long sys_epoll_pwait(int epfd, struct linux_epoll_event *, int count, int timeout_ms,
                     const void *mask, size_t mask_size);
long sys_epoll_pwait2(int epfd, struct linux_epoll_event *, int count,
                      const struct linux_timespec *timeout, const void *mask, size_t mask_size);

#endif
