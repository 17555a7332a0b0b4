// Files of host folders, opened.
#ifndef KERNEL_HOSTFS_FILE_H
#define KERNEL_HOSTFS_FILE_H

#include "inode.h"

extern const struct file_ops hostfs_file_ops;
int hostfs_open_file(struct inode *, struct file *);

#endif
