// futex(2).
#ifndef KERNEL_SYS_FUTEX_H
#define KERNEL_SYS_FUTEX_H

#include <boxer/linux_time.h>

#include <stdint.h>

long sys_futex(uint32_t *word, int operation, uint32_t value, const struct linux_timespec *timeout,
               uint32_t *other, uint32_t value3);

#endif
