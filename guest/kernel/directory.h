// Folders as open files.
#ifndef KERNEL_DIRECTORY_H
#define KERNEL_DIRECTORY_H

#include "file.h"

extern const struct file_ops directory_ops;

#endif
