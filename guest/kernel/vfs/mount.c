// Mounted file systems.
#include "vfs/mount.h"
#include "mm/slab.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "state.h"

#include <boxer/linux_errno.h>

KERNEL_STATE struct filesystem *filesystems; // in order of mounting, the root first
static KERNEL_STATE uint32_t next_dev = 1;

struct dentry *fs_root(void) {
    return filesystems->root;
}

struct filesystem *fs_new(const char *type, const char *source, uint32_t magic, int pinned) {
    struct filesystem *fs = kzalloc(sizeof *fs);
    if (!fs)
        return NULL;
    fs->type = type;
    fs->source = source;
    fs->magic = magic;
    fs->pinned = pinned;
    fs->dev = next_dev++;
    return fs;
}

int fs_attach(struct filesystem *fs, struct dentry *on, struct inode *root) {
    fs->root = dentry_new(NULL, "", 0, root);
    inode_put(root);
    if (!fs->root)
        return -ENOMEM;
    if (on) {
        dentry_get(on);
        on->mounted = fs;
    }
    fs->covers = on;
    struct filesystem **last = &filesystems;
    while (*last)
        last = &(*last)->next;
    *last = fs;
    return 0;
}

void fs_unmount(struct filesystem *fs) {
    struct filesystem **at = &filesystems;
    while (*at != fs)
        at = &(*at)->next;
    *at = fs->next;
    if (fs->covers) {
        fs->covers->mounted = NULL;
        dentry_put(fs->covers);
    }
    dentry_put(fs->root);
    kfree(fs);
}

struct dentry *mount_top(struct dentry *entry) {
    while (entry->mounted)
        entry = entry->mounted->root;
    return entry;
}
