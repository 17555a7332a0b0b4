// /proc/sys.
#ifndef KERNEL_FS_PROC_SYS_H
#define KERNEL_FS_PROC_SYS_H

#include "fs/proc/proc.h"

extern const struct proc_entry proc_sys[];
void proc_thaw(void); // what one run remembers

#endif
