// Files of host folders, opened.
#ifndef KERNEL_FS_HOST_FILE_H
#define KERNEL_FS_HOST_FILE_H

#include "vfs/inode.h"

extern const struct file_ops hostfs_file_ops;
int hostfs_open_file(struct inode *, struct file *);

#endif
