// The folder of the process.
#ifndef KERNEL_FS_PROC_SELF_H
#define KERNEL_FS_PROC_SELF_H

#include "fs/proc/proc.h"

extern const struct proc_entry proc_self[];
void show_mounts(struct text *), show_mountinfo(struct text *), show_maps(struct text *);
void show_smaps(struct text *), show_smaps_rollup(struct text *);

#endif
