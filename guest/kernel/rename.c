// rename(2), renameat2(2).
#include "path.h"
#include "syscalls_fs.h"

#include <boxer/linux_errno.h>

static int may_move(struct place *old, struct place *new, unsigned flags) {
    if (old->dir->inode->fs != new->dir->inode->fs)
        return -EXDEV;
    if (old->len == 0)
        return -EBUSY;
    if (new->len == 0)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!old->entry)
        return -ENOENT;
    if ((flags & RENAME_NOREPLACE) && new->entry)
        return -EEXIST;
    if ((flags & RENAME_EXCHANGE) && !new->entry)
        return -ENOENT;
    int directory = S_ISDIR(old->entry->inode->mode);
    int onto_directory = new->entry && S_ISDIR(new->entry->inode->mode);
    if (old->trailing && !directory)
        return -ENOTDIR;
    if (new->trailing && !(flags & RENAME_EXCHANGE ? onto_directory : directory))
        return -ENOTDIR;
    if (old->entry->parent == old->entry)
        return -EBUSY;
    if (dentry_below(new->dir, old->entry))
        return -EINVAL;
    if (new->entry && new->entry != old->entry && dentry_below(old->dir, new->entry))
        return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    int error = entry_may_remove(old, directory);
    if (error == -ENOTEMPTY)
        error = 0;
    if (!error)
        error = entry_may_add(new->dir);
    // A folder that changes its parent changes its "..".
    if (!error && directory && old->dir != new->dir)
        error = inode_permission(old->entry->inode, MAY_WRITE);
    return error;
}

static int may_replace(struct place *old, struct place *new) {
    int directory = S_ISDIR(old->entry->inode->mode);
    if (!new->entry)
        return 0;
    if (directory && !S_ISDIR(new->entry->inode->mode))
        return -ENOTDIR;
    return entry_may_remove(new, directory);
}

static void count_move(struct inode *from, struct inode *to, struct inode *moved) {
    struct stamp now = stamp_now();
    if (S_ISDIR(moved->mode) && from != to) {
        from->nlink--;
        to->nlink++;
    }
    from->mtime = from->ctime = to->mtime = to->ctime = moved->ctime = now;
}

static int exchange(struct place *old, struct place *new) {
    struct dentry *a = old->entry, *b = new->entry;
    if (!a->inode->fs->pinned)
        return -EINVAL;
    if (dentry_below(new->dir, a) || dentry_below(old->dir, b))
        return -EINVAL;
    int error = entry_may_remove(new, S_ISDIR(b->inode->mode));
    if (error && error != -ENOTEMPTY)
        return error;
    if (S_ISDIR(b->inode->mode) && old->dir != new->dir &&
        (error = inode_permission(b->inode, MAY_WRITE)))
        return error;
    dentry_exchange(a, b);
    count_move(old->dir->inode, new->dir->inode, a->inode);
    count_move(new->dir->inode, old->dir->inode, b->inode);
    return 0;
}

static int do_rename(struct place *old, struct place *new, unsigned flags) {
    int error = may_move(old, new, flags);
    if (error)
        return error;
    if (new->entry && new->entry->inode == old->entry->inode)
        return 0; // two links of one file: nothing is done (rename(2))
    if (flags & RENAME_EXCHANGE)
        return exchange(old, new);
    error = may_replace(old, new);
    if (error)
        return error;
    const struct inode_ops *ops = old->dir->inode->ops;
    if (!ops->rename)
        return -EXDEV;
    error = ops->rename(old->entry, new->dir, new->name, new->len, new->entry);
    if (error)
        return error;
    // The name moves first, which can fail; for a moment the folder has it twice.
    error = dentry_move(old->entry, new->dir, new->name, new->len);
    if (error)
        return error;
    if (new->entry)
        entry_remove(new->entry);
    count_move(old->dir->inode, new->dir->inode, old->entry->inode);
    return 0;
}

long sys_renameat2(int old_dirfd, const char *old, int dirfd, const char *path, unsigned flags) {
    struct place from, to;
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    if ((flags & RENAME_NOREPLACE) && (flags & RENAME_EXCHANGE))
        return -EINVAL;
    int error = path_place(old_dirfd, old, PATH_NAME, 0, &from);
    if (error)
        return error;
    error = path_place(dirfd, path, PATH_NAME, 0, &to);
    if (!error) {
        error = do_rename(&from, &to, flags);
        place_end(&to);
    }
    place_end(&from);
    return error;
}
