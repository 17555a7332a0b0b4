// Birth, freezing and thawing of the machine: boxer/kernel.h.
//
// Invariants
// 1. Order of birth: task and process, memory, clocks, file tree, stdio. Each needs only earlier
//    ones.
// 2. A frozen machine holds nothing of the host it was made on: no armed timers, no pending
// signals,
//    no bytes in free memory. Its program's descriptors stay open: they are of the box itself.
#include "boot/fs.h"
#include "host/attended.h"
#include "host/host.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "net/dns.h"
#include "net/outer.h"
#include "net/outer_name.h"
#include "outside/outside.h"
#include "process/ordered.h"
#include "process/afresh.h"
#include "process/end.h"
#include "process/frozen.h"
#include "process/life.h"
#include "state.h"
#include "task/arrived.h"
#include "task/family.h"
#include "task/exit.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/switch.h"
#include "task/uts.h"
#include "task/wait.h"
#include "time/clock.h"
#include "time/timer.h"
#include "trace/trace.h"
#include "tty/console.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <string.h>

#define SPARE_PAGES 2048u // 8 MiB for a run to use before linear memory has to grow

static int open_stdio(void) {
    for (int number = 0; number < 3; number++) {
        struct file *file = console_open(number);
        if (!file)
            return -ENOMEM;
        int fd = fd_install(file, number, 0);
        if (fd < 0)
            return fd;
    }
    return 0;
}

int kernel_boot(uintptr_t heap) {
    task_boot();
    process_boot();
    process_end_boot();
    uts_boot();
    memory_boot(heap);
    clock_boot();
    console_thaw();
    ordered_boot();
    life_boot();
    int error = thread_block_boot();
    if (error)
        return error;
    error = fs_boot();
    return error ? error : open_stdio();
}

void kernel_freeze(void) {
    dns_freeze();
    outer_freeze();
    outside_freeze();
    timers_thaw();
    fs_freeze();
    clock_freeze();
    frozen_keep();
    pages_scrub();
    memory_reserve(SPARE_PAGES);
}

void kernel_close_descriptors(void) {
    fd_close_from(3);
}

void kernel_thaw(const char *cwd) {
    life_begin();
    boxer_boot.reached = 0;
    clock_thaw();
    timers_thaw();
    signal_thaw();
    signals_tell_host();
    wait_thaw();
    usage_thaw();
    console_thaw();
    trace_stop();
    attended_stop();
    outside_thaw(fs_thaw(cwd));
    outer_thaw();
    if (outside_is_granted())
        fs_name_server();
}

int kernel_leave(void) {
    return !boxer_trace && process_leave();
}

int kernel_has_folders(void) {
    return fs_has_folders();
}

typedef int (*host_sizes)(size_t *count, size_t *bytes);
typedef int (*host_strings)(char **strings, char *buffer);

// The pointers, a null behind them, then the bytes, in one block. Null and *count 0 without memory.
static char **host_list(host_sizes sizes, host_strings strings, size_t *count) {
    size_t bytes, wanted, table;
    *count = 0;
    if (sizes(&wanted, &bytes) < 0)
        wanted = bytes = 0;
    if (__builtin_mul_overflow(wanted + 1, sizeof(char *), &table) || wanted + 1 == 0)
        return NULL;
    char **list = table + bytes < table ? NULL : kzalloc(table + bytes);
    if (!list)
        return NULL;
    if (wanted && strings(list, (char *)list + table) < 0)
        wanted = 0;
    list[wanted] = NULL;
    *count = wanted;
    return list;
}

char **kernel_host_arguments(size_t *count) {
    return host_list(host_args_sizes, host_args, count);
}

// Takes a variable that is for the kernel out of the list, and does what it asks for.
static void heed(char **list, size_t *count, const char *variable, void (*start)(void)) {
    size_t length = strlen(variable);
    for (size_t i = 0; list && i < *count; i++) {
        if (strncmp(list[i], variable, length) != 0)
            continue;
        const char *value = list[i] + length;
        if (*value && strcmp(value, "0") != 0)
            start();
        for (size_t j = i--; j < *count; j++)
            list[j] = list[j + 1];
        --*count;
    }
}

char **kernel_host_environment(size_t *count) {
    char **list = host_list(host_environ_sizes, host_environ, count);
    heed(list, count, TRACE_VARIABLE, trace_start);
    heed(list, count, ATTENDED_VARIABLE, attended_start);
    return list;
}

void kernel_end_others(void) {
    task_end_others();
    family_forget_others();
}

int kernel_stands_outside(unsigned char address[16], unsigned *port) {
    const struct name *peer = outer_stands();
    struct boxer_net_address told;
    if (!peer)
        return 0;
    outer_tell(peer, &told);
    memcpy(address, told.address, sizeof told.address);
    *port = told.port;
    return (int)told.family;
}

unsigned kernel_tasks(void) {
    return task_count();
}

void kernel_expose(unsigned long port) {
    outside_expose(port);
}

void kernel_set_limits(uint32_t files, uint64_t storage) {
    struct linux_rlimit64 *open_files = &current->process->limits[LINUX_RLIMIT_NOFILE];
    if (files < open_files->hard)
        open_files->hard = files;
    open_files->soft = open_files->hard;
    uint64_t pages = storage / PAGE_SIZE, most = fs_usage.pages_max;
    if (fs_usage.pages <= most && pages < most - fs_usage.pages)
        fs_usage.pages_max = fs_usage.pages + pages;
}
