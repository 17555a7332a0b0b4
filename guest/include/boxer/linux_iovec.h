// readv(2), writev(2), sendmsg(2): one piece of memory.
#ifndef BOXER_LINUX_IOVEC_H
#define BOXER_LINUX_IOVEC_H

#include <stddef.h>

#define LINUX_IOV_MAX 1024

struct linux_iovec {
    void *base;
    size_t size;
};

#endif
