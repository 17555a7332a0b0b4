// Facts about the machine: sysinfo(2), uname(2), sethostname(2); getrandom(2).
#include "sys/system.h"
#include "host/host.h"
#include "mm/memory.h"
#include "task/task.h"
#include "task/uts.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>
#include <string.h>

long sys_sysinfo(struct linux_sysinfo *info) {
    if (!info || !user_range(info, sizeof *info))
        return -EFAULT;
    memset(info, 0, sizeof *info);
    info->uptime = (long)(clock_monotonic() / NSEC_PER_SEC);
    // The room that is left to grow into: 32-bit linear memory ends at 4 GiB.
    info->totalram = (unsigned long)(MEMORY_PAGES_MAX - 1);
    info->freeram = info->totalram - (unsigned long)pages_in_use();
    info->mem_unit = PAGE_SIZE;
    info->procs = 1;
    return 0;
}

long sys_uname(struct linux_utsname *name) {
    if (!name || !user_range(name, sizeof *name))
        return -EFAULT;
    uts_name(name);
    return 0;
}

static long set_node_name(char *kept, const char *name, size_t size) {
    if (current_cred()->euid != 0)
        return -EPERM;
    if (size > 64)
        return -EINVAL;
    if (!user_range(name, size))
        return -EFAULT;
    memset(kept, 0, 65);
    memcpy(kept, name, size);
    return 0;
}

long sys_sethostname(const char *name, size_t size) {
    return set_node_name(uts.hostname, name, size);
}

long sys_setdomainname(const char *name, size_t size) {
    return set_node_name(uts.domainname, name, size);
}

long sys_getrandom(void *buffer, size_t size, unsigned flags) {
    unsigned nonblock = 1, random = 2, insecure = 4;
    if ((flags & ~(nonblock | random | insecure)) ||
        (flags & (random | insecure)) == (random | insecure))
        return -EINVAL;
    if (size > INT32_MAX)
        size = INT32_MAX;
    if (!user_range(buffer, size))
        return -EFAULT;
    int error = size ? host_random(buffer, size) : 0;
    return error < 0 ? error : (long)size;
}
