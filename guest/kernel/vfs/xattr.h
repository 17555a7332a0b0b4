// Extended attributes (xattr(7)) of an inode; null: of a file without one.
#ifndef KERNEL_VFS_XATTR_H
#define KERNEL_VFS_XATTR_H

#include <stddef.h>

struct inode;

void xattr_free(struct inode *);
// As the system calls answer; names and values are the caller's.
long xattr_set(struct inode *, const char *name, const void *value, size_t size, int flags);
long xattr_get(struct inode *, const char *name, void *value, size_t size);
long xattr_list(struct inode *, char *names, size_t size);
long xattr_remove(struct inode *, const char *name);

#endif
