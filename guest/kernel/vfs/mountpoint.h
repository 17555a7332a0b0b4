// Where file systems are mounted: the folder, or the file, is made when it is missing.
#ifndef KERNEL_VFS_MOUNTPOINT_H
#define KERNEL_VFS_MOUNTPOINT_H

#include "vfs/inode.h"

// Mounts on the folder that the absolute path names, over whatever is mounted there, as root and
// whoever the process is; a root that is a file, on a file. Takes over fs and root: after an error
// both are gone.
int mount_at(const char *path, struct filesystem *fs, struct inode *root);

#endif
