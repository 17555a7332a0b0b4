// The file system in memory.
#ifndef KERNEL_FS_TMPFS_TMPFS_H
#define KERNEL_FS_TMPFS_TMPFS_H

#include "vfs/mount.h"

struct inode *tmpfs_inode(struct filesystem *, uint32_t mode); // any type but symlinks
struct inode *tmpfs_symlink(struct filesystem *, const char *target, size_t len);
struct block;

// A file of a lower layer: `stored` bytes at `data`, deflated when stored < size. Read in place or
// inflated when first needed; a write makes a private copy.
void tmpfs_lower(struct inode *, const uint8_t *data, uint32_t stored, uint32_t size);

// The same for a file in a block (fs/tmpfs/block.h); its bytes begin at `offset` there.
void tmpfs_lower_in_block(struct inode *, struct block *, uint32_t offset, uint32_t size);

#endif
