// /proc/PID/net: interfaces and sockets.
#ifndef KERNEL_FS_PROC_NET_H
#define KERNEL_FS_PROC_NET_H

#include "fs/proc/proc.h"

extern const struct proc_entry proc_net[];

#endif
