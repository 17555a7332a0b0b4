// signalfd4(2).
#include "sys/signalfd.h"
#include "ipc/signalfd.h"
#include "task/signal.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_signal.h>

long sys_signalfd4(int fd, const void *set, size_t size, int flags) {
    uint64_t mask = 0;
    int error;
    if ((uint32_t)flags & ~(O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    if (!set)
        return size == sizeof mask ? -EFAULT : -EINVAL;
    if ((error = signal_mask_read(set, size, &mask)))
        return error;
    mask &= ~(1ull << (LINUX_SIGKILL - 1) | 1ull << (LINUX_SIGSTOP - 1));
    return fd == -1 ? signalfd_new(mask, flags) : signalfd_change(fd, mask);
}
