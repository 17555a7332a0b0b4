// Host folders, opened and listed.
#ifndef KERNEL_FS_HOST_LIST_H
#define KERNEL_FS_HOST_LIST_H

#include "vfs/inode.h"

int hostfs_open_folder(struct inode *, struct file *);
int hostfs_list(struct dentry *dir, int64_t pos, fill_entry fill, void *context);

#endif
