// Shared mappings of files that have no pages here (host folders): what keeps a copy and its file
// the same.
#ifndef KERNEL_VFS_MAPPING_COPY_H
#define KERNEL_VFS_MAPPING_COPY_H

#include "vfs/mapping.h"

#include <stddef.h>
#include <stdint.h>

// Reads all there is of the file from offset on. 0 or -errno.
int copy_read(struct file *, uint8_t *to, size_t size, int64_t offset);
// Before a file is mapped to be written to.
void copy_prepare(struct file *);
// What the program changed in pages [from, to) goes to the file, byte for byte and never beyond its
// end. 0 or -errno.
int copy_write(struct mapping *, size_t from, size_t to);
// Likewise, and what the file has otherwise comes here.
int copy_sync(struct mapping *, size_t from, size_t to);

// Where there are mappings, of a file of a file system without pages of its own: something was
// written, it was cut to a size, it is going to be read; a lock of it was taken or given back.
void mapping_wrote(const struct inode *, const void *bytes, size_t size, int64_t pos);
void mapping_truncated(const struct inode *, int64_t size);
void mapping_settle(const struct inode *);
void mapping_refresh(struct inode *);

#endif
