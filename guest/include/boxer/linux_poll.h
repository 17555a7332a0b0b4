// poll(2), select(2), epoll(7), eventfd(2) as Linux numbers them.
#ifndef BOXER_LINUX_POLL_H
#define BOXER_LINUX_POLL_H

#include <stdint.h>

enum {
    LINUX_POLLIN = 0x001,
    LINUX_POLLPRI = 0x002,
    LINUX_POLLOUT = 0x004,
    LINUX_POLLERR = 0x008,
    LINUX_POLLHUP = 0x010,
    LINUX_POLLNVAL = 0x020,
    LINUX_POLLRDNORM = 0x040,
    LINUX_POLLRDBAND = 0x080,
    LINUX_POLLWRNORM = 0x100,
    LINUX_POLLWRBAND = 0x200,
    LINUX_POLLMSG = 0x400,
    LINUX_POLLRDHUP = 0x2000,
};

struct linux_pollfd {
    int fd;
    int16_t events, revents;
};

enum { LINUX_EPOLL_CTL_ADD = 1, LINUX_EPOLL_CTL_DEL = 2, LINUX_EPOLL_CTL_MOD = 3 };
#define LINUX_EPOLLEXCLUSIVE (1u << 28)
#define LINUX_EPOLLWAKEUP (1u << 29)
#define LINUX_EPOLLONESHOT (1u << 30)
#define LINUX_EPOLLET (1u << 31)

struct linux_epoll_event {
    uint32_t events;
    uint64_t data; // aligned to 8, as everywhere but on x86-64
};

enum { LINUX_EFD_SEMAPHORE = 1 };

_Static_assert(sizeof(struct linux_pollfd) == 8, "pollfd");
_Static_assert(sizeof(struct linux_epoll_event) == 16, "epoll_event");

#endif
