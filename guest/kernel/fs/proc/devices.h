// /sys: the machine's devices.
#ifndef KERNEL_FS_PROC_DEVICES_H
#define KERNEL_FS_PROC_DEVICES_H

#include "fs/proc/proc.h"

extern const struct proc_entry devices_root[];

#endif
