// /proc/cpuinfo, meminfo, uptime, version, filesystems, loadavg, stat: the machine in figures.
#include "fs/proc/system.h"
#include "fs/proc/text.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/switch.h"
#include "task/task.h"
#include "task/uts.h"
#include "time/clock.h"

#include <boxer/linux_process.h>
#include <boxer/linux_time.h>

#define TICKS(ns) U((ns) / (NSEC_PER_SEC / LINUX_TICKS_PER_SECOND))
#define NS_PER_CENTISECOND 10000000

void show_cpuinfo(struct text *text) {
    text_print(text, "processor\t: 0\nvendor_id\t: Boxer\nmodel name\t: WebAssembly, 32 bits\n");
    text_print(text, "cpu cores\t: 1\nsiblings\t: 1\ncore id\t\t: 0\nphysical id\t: 0\n\n");
}

void show_meminfo(struct text *text) {
    uint64_t total = (uint64_t)(MEMORY_PAGES_MAX - 1) * (PAGE_SIZE / 1024);
    uint64_t used = (uint64_t)pages_in_use() * (PAGE_SIZE / 1024);
    uint64_t left = total > used ? total - used : 0;
    text_print(text, "MemTotal:       %8u kB\nMemFree:        %8u kB\n", total, left);
    text_print(text, "MemAvailable:   %8u kB\n", left);
    static const char *const none[] = {
        "Buffers:  ", "Cached:   ", "SwapCached:", "Active:   ", "Inactive: ",
        "SwapTotal:", "SwapFree: ", "Dirty:    ",  "Shmem:    ", "Slab:     "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        text_print(text, "%s      %8u kB\n", none[i], U(0));
}

static void add_seconds(struct text *text, int64_t ns) {
    int64_t hundredths = ns / NS_PER_CENTISECOND;
    text_print(text, "%u.%02u", U(hundredths / 100), U(hundredths % 100));
}

void show_uptime(struct text *text) {
    int64_t up = clock_monotonic(), idle = up - clock_cpu();
    add_seconds(text, up);
    text_print(text, " ");
    add_seconds(text, idle > 0 ? idle : 0);
    text_print(text, "\n");
}

void show_version(struct text *text) {
    struct linux_utsname name;
    uts_name(&name);
    text_print(text, "%s version %s (boxer) %s\n", name.sysname, name.release, name.version);
}

void show_vmstat(struct text *text) {
    uint64_t pages = PAGE_SIZE / 4096; // of Linux's size
    text_print(text, "nr_free_pages %u\n", (MEMORY_PAGES_MAX - 1 - U(pages_in_use())) * pages);
    text_print(text, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault 0\npgmajfault 0\n");
}

void show_loadavg(struct text *text) {
    text_print(text, "0.00 0.00 0.00 1/%u %u\n", U(task_count()), U(task_last_id()));
}

void show_system_stat(struct text *text) {
    int64_t up = clock_monotonic(), busy = clock_cpu();
    uint64_t idle = TICKS(up > busy ? up - busy : 0);
    text_print(text, "cpu  %u 0 0 %u 0 0 0 0 0 0\n", TICKS(busy), idle);
    text_print(text, "cpu0 %u 0 0 %u 0 0 0 0 0 0\n", TICKS(busy), idle);
    text_print(text, "intr 0\nctxt %u\nbtime %u\n", task_switches(),
               U((clock_realtime() - up) / NSEC_PER_SEC));
    text_print(text, "processes %u\nprocs_running 1\nprocs_blocked 0\n", U(task_last_id()));
    text_print(text, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}
