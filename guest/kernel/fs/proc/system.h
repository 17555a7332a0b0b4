// What the machine is: cpuinfo, meminfo and the like.
#ifndef KERNEL_FS_PROC_SYSTEM_H
#define KERNEL_FS_PROC_SYSTEM_H

#include "fs/proc/text.h"

void show_cpuinfo(struct text *), show_meminfo(struct text *), show_uptime(struct text *);
void show_version(struct text *), show_loadavg(struct text *);
void show_system_stat(struct text *), show_vmstat(struct text *);

#endif
