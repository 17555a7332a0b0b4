// poll(2) and select(2).
#ifndef KERNEL_SYS_POLL_H
#define KERNEL_SYS_POLL_H

#include <boxer/linux_poll.h>
#include <boxer/linux_time.h>

#include <stddef.h>
#include <stdint.h>

// The deadline of a relative timeout; null: none. -EINVAL, -EFAULT.
int poll_deadline(const struct linux_timespec *timeout, int64_t *deadline_ns);

long sys_ppoll(struct linux_pollfd *, unsigned count, const struct linux_timespec *timeout,
               const void *mask, size_t mask_size);
long sys_pselect6(int count, unsigned long *in, unsigned long *out, unsigned long *except,
                  struct linux_timespec *timeout, const void *mask_and_size);

#endif
