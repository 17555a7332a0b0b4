// Names and what they name: how one is added and removed.
#include "vfs/entry.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

// A removed folder takes no more names, though it can still be somebody's working directory.
int entry_is_removed(const struct dentry *dir) {
    return !dir->linked && dir->parent != dir;
}

int entry_may_add(struct dentry *dir) {
    return entry_is_removed(dir) ? -ENOENT : inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
}

int entry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode,
              struct dentry **added) {
    struct dentry *entry = dentry_new(dir, name, len, inode);
    if (!entry)
        return -ENOSPC;
    dentry_link(entry);
    if (dir->inode->fs->pinned)
        dentry_get(entry); // the tree's own reference
    if (S_ISDIR(inode->mode))
        dir->inode->nlink++;
    dir->inode->mtime = dir->inode->ctime = stamp_now();
    *added = entry;
    return 0;
}

int entry_create(struct place *place, uint32_t mode, uint32_t rdev, struct dentry **made) {
    struct inode *dir = place->dir->inode, *inode;
    int error = entry_may_add(place->dir);
    if (error)
        return error;
    if (!dir->ops->create)
        return -EACCES;
    error = dir->ops->create(place->dir, place->name, place->len, mode, rdev, &inode);
    if (error)
        return error;
    if (dir->fs->pinned)
        inode_inherit(inode, dir);
    error = entry_add(place->dir, place->name, place->len, inode, made);
    inode_put(inode);
    return error;
}

// sticky(7): in a sticky folder only the owners of the file or the folder may remove a name.
static int may_remove(struct dentry *dir, struct dentry *victim) {
    int error = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
    if (error)
        return error;
    if ((dir->inode->mode & S_ISVTX) && inode_may_own(victim->inode) && inode_may_own(dir->inode))
        return -EPERM;
    return 0;
}

int entry_may_remove(struct place *place, int as_directory) {
    struct dentry *victim = place->entry;
    if (!victim)
        return -ENOENT;
    if (place->len == 0)
        return as_directory ? -EBUSY : -EISDIR;
    int error = may_remove(place->dir, victim);
    if (error)
        return error;
    int is_directory = S_ISDIR(victim->inode->mode);
    if (as_directory && !is_directory)
        return -ENOTDIR;
    if (!as_directory && is_directory)
        return -EISDIR;
    if (victim->parent == victim) // a mount
        return -EBUSY;
    if (is_directory && victim->inode->fs->pinned && victim->children)
        return -ENOTEMPTY;
    return victim->inode->ops->unlink ? 0 : -EPERM;
}

void entry_remove(struct dentry *entry) {
    struct inode *dir = entry->parent->inode, *inode = entry->inode;
    struct stamp now = stamp_now();
    if (S_ISDIR(inode->mode)) {
        inode->nlink = 0;
        dir->nlink--;
    } else if (inode->nlink) {
        inode->nlink--;
    }
    dir->mtime = dir->ctime = inode->ctime = now;
    dentry_unlink(entry);
    if (inode->fs->pinned)
        dentry_put(entry);
}
