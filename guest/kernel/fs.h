// The file system as boot.c sees it, and what its parts owe each other.
#ifndef KERNEL_FS_H
#define KERNEL_FS_H

#include "inode.h"

int fs_boot(void);             // root from the boot block's tree image, /dev, /proc, /tmp
void fs_freeze(void);          // caches dropped, host folders unmounted
void fs_thaw(const char *cwd); // host folders of this run mounted

int tree_read(void);           // tree.c: the tree image into the root file system
int dev_boot(void);            // dev.c: fills /dev
int proc_boot(void);           // proc.c: mounts /proc
void proc_thaw(void);          // proc_sys.c: what one run remembers
void hostfs_unmount_all(void); // hostfs.c
void hostfs_mount_all(const char *cwd);

// tmpfs.c
struct inode *tmpfs_inode(struct filesystem *, uint32_t mode); // any type but symlinks
struct inode *tmpfs_symlink(struct filesystem *, const char *target, size_t len);
// A file of a lower layer: `stored` bytes at `data`, deflated when stored < size. Read in place or
// inflated when first needed; a write makes a private copy.
void tmpfs_lower(struct inode *, const uint8_t *data, uint32_t stored, uint32_t size);
void tmpfs_drop_clean(void); // forgets what was inflated and not written to
extern const struct inode_ops tmpfs_ops;
extern const struct file_ops tmpfs_file_ops;

// What all file systems together may hold (a box's own limit, not the host's).
struct fs_usage {
    uint64_t pages, pages_max, inodes, inodes_max;
};
extern struct fs_usage fs_usage;

// lower.c: inflates a zlib stream to exactly `size` bytes; 0, -EIO or -ENOMEM.
int lower_inflate(void *into, size_t size, const uint8_t *data, size_t stored);

#endif
