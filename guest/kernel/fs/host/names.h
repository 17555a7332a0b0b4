// Making, linking, removing and renaming in host folders: struct inode_ops.
#ifndef KERNEL_FS_HOST_NAMES_H
#define KERNEL_FS_HOST_NAMES_H

#include "vfs/dentry.h"

int hostfs_create(struct dentry *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
                  struct inode **made);
int hostfs_symlink(struct dentry *dir, const char *name, size_t len, const char *target,
                   size_t target_len, struct inode **made);
int hostfs_link(struct dentry *old, struct dentry *dir, const char *name, size_t len);
int hostfs_unlink(struct dentry *victim);
int hostfs_rename(struct dentry *old, struct dentry *dir, const char *name, size_t len,
                  struct dentry *replaced);

#endif
