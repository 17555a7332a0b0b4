// Mounted file systems.
#ifndef KERNEL_VFS_MOUNT_H
#define KERNEL_VFS_MOUNT_H

#include "vfs/dentry.h"

struct filesystem {
    const char *type; // as /proc/mounts shows it
    const char *source;
    uint32_t magic; // statfs(2)
    uint32_t dev;   // st_dev
    int pinned;     // its dentries are its truth
    int read_only;
    int has_modes;                // a host folder's: the host knows permission bits
    struct dentry *root, *covers; // covers: the folder it is mounted on, null for the root
    struct filesystem *next;
    void *private_data;
};

extern struct filesystem *filesystems;
struct dentry *fs_root(void);
void fs_unmount(struct filesystem *);
// A file system object before it has a root: inode_new needs one.
struct filesystem *fs_new(const char *type, const char *source, uint32_t magic, int pinned);
int fs_attach(struct filesystem *, struct dentry *on, struct inode *root);
struct dentry *mount_top(struct dentry *); // through what is mounted on it; borrowed

#endif
