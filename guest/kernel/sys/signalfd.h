// signalfd4(2).
#ifndef KERNEL_SYS_SIGNALFD_H
#define KERNEL_SYS_SIGNALFD_H

#include <stddef.h>

long sys_signalfd4(int fd, const void *set, size_t size, int flags);

#endif
