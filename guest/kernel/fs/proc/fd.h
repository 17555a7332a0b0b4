// The descriptors of the process, as a folder.
#ifndef KERNEL_FS_PROC_FD_H
#define KERNEL_FS_PROC_FD_H

#include "vfs/inode.h"

extern const struct inode_ops proc_fd_ops;
extern const struct inode_ops proc_fdinfo_ops;

#endif
