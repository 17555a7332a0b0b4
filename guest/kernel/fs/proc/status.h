// What a process is: status, stat, statm, limits.
#ifndef KERNEL_FS_PROC_STATUS_H
#define KERNEL_FS_PROC_STATUS_H

#include "fs/proc/text.h"

void show_status(struct text *), show_stat(struct text *), show_statm(struct text *);
void show_limits(struct text *), show_io(struct text *);
uint64_t resident_pages(void); // of the current process

#endif
