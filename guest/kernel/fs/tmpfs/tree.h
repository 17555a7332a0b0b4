// The tree image of the boot block.
#ifndef KERNEL_FS_TMPFS_TREE_H
#define KERNEL_FS_TMPFS_TREE_H

int tree_read(void); // into the root file system

#endif
