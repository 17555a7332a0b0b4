// Folders as open files.
#ifndef KERNEL_VFS_DIRECTORY_H
#define KERNEL_VFS_DIRECTORY_H

#include "vfs/file.h"

extern const struct file_ops directory_ops;

#endif
