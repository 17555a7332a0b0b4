// The folder of the process.
#ifndef KERNEL_PROC_SELF_H
#define KERNEL_PROC_SELF_H

#include "proc.h"

extern const struct proc_entry proc_self[];
void show_mounts(struct text *), show_mountinfo(struct text *), show_maps(struct text *);

#endif
