// Limits and facts about the machine: prlimit(2), getrusage(2), sysinfo(2), uname(2).
#include "fs.h"
#include "memory.h"
#include "process.h"
#include "syscalls_runtime.h"
#include "task.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

// The oldest long-term Linux that has all calls of the table in syscall.c.
#define RELEASE "6.6.0-boxer"
#define VERSION "#1 Boxer"
#define MACHINE "wasm32"

KERNEL_STATE struct uts uts;

void uts_boot(void) {
    uts = (struct uts){.hostname = "box", .domainname = "(none)"};
}

void kernel_set_limits(uint32_t files, uint64_t storage) {
    struct linux_rlimit64 *open_files = &current->process->limits[LINUX_RLIMIT_NOFILE];
    if (files < open_files->hard)
        open_files->hard = files;
    if (files < open_files->soft)
        open_files->soft = files;
    uint64_t pages = storage / PAGE_SIZE, most = fs_usage.pages_max;
    if (fs_usage.pages <= most && pages < most - fs_usage.pages)
        fs_usage.pages_max = fs_usage.pages + pages;
}

long sys_prlimit64(int pid, int resource, const struct linux_rlimit64 *new,
                   struct linux_rlimit64 *old) {
    if (pid != 0 && (uint32_t)pid != current->process->pid)
        return -ESRCH;
    if (resource < 0 || resource >= LINUX_RLIMITS)
        return -EINVAL;
    if ((new && !user_range(new, sizeof *new)) || (old && !user_range(old, sizeof *old)))
        return -EFAULT;
    struct linux_rlimit64 before = current->process->limits[resource];
    if (new) {
        struct linux_rlimit64 limit = *new;
        if (limit.soft > limit.hard)
            return -EINVAL;
        if (limit.hard > before.hard &&
            (current_cred()->euid != 0 || resource == LINUX_RLIMIT_NOFILE))
            return -EPERM; // open files: the table has that many places, root or not
        current->process->limits[resource] = limit;
    }
    if (old)
        *old = before;
    return 0;
}

long sys_getrusage(int who, struct linux_rusage *usage) {
    if (who != LINUX_RUSAGE_SELF && who != LINUX_RUSAGE_CHILDREN && who != LINUX_RUSAGE_THREAD)
        return -EINVAL;
    if (!usage || !user_range(usage, sizeof *usage))
        return -EFAULT;
    memset(usage, 0, sizeof *usage);
    if (who == LINUX_RUSAGE_CHILDREN)
        return 0;
    int64_t us = clock_cpu() / 1000;
    usage->utime = (struct linux_timeval){(long)(us / 1000000), (long)(us % 1000000)};
    usage->maxrss = (long)(memory_end() - memory_floor()) / 1024; // linear memory never shrinks
    return 0;
}

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
    memset(name, 0, sizeof *name);
    memcpy(name->sysname, "Linux", sizeof "Linux");
    memcpy(name->nodename, uts.hostname, sizeof uts.hostname);
    memcpy(name->release, RELEASE, sizeof RELEASE);
    memcpy(name->version, VERSION, sizeof VERSION);
    memcpy(name->machine, MACHINE, sizeof MACHINE);
    memcpy(name->domainname, uts.domainname, sizeof uts.domainname);
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

void kernel_set_hostname(const char *name) {
    size_t size = strlen(name);
    memset(uts.hostname, 0, sizeof uts.hostname);
    memcpy(uts.hostname, name, size < 64 ? size : 64);
}
