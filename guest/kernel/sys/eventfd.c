// eventfd2(2).
#include "sys/eventfd.h"
#include "ipc/eventfd.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>

long sys_eventfd2(unsigned count, int flags) {
    if ((uint32_t)flags & ~(LINUX_EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    return eventfd_new(count, flags & LINUX_EFD_SEMAPHORE, flags);
}
