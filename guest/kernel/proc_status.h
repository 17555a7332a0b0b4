// What a process is: status, stat, statm, limits.
#ifndef KERNEL_PROC_STATUS_H
#define KERNEL_PROC_STATUS_H

#include "proc_text.h"

void show_status(struct text *), show_stat(struct text *), show_statm(struct text *);
void show_limits(struct text *);

#endif
