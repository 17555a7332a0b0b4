// /proc/sys.
#ifndef KERNEL_PROC_SYS_H
#define KERNEL_PROC_SYS_H

#include "proc.h"

extern const struct proc_entry proc_sys[];
void proc_thaw(void); // what one run remembers

#endif
