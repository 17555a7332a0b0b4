// rename(2), renameat2(2).
#include "sys/rename.h"
#include "vfs/dentry.h"
#include "vfs/entry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

// What the names say, before anybody's permission is asked.
static int check_names(struct place *old, struct place *new, unsigned flags) {
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
    if (dentry_below(new->dir, old->entry))
        return -EINVAL;
    if (new->entry && new->entry != old->entry && dentry_below(old->dir, new->entry))
        return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    return 0;
}

static int full_is_fine(int error) {
    return error == -ENOTEMPTY ? 0 : error;
}

static int may_move(struct place *old, struct place *new, unsigned flags) {
    int directory = S_ISDIR(old->entry->inode->mode), full = 0;
    int onto_directory = new->entry && S_ISDIR(new->entry->inode->mode);
    int error = full_is_fine(entry_may_remove(old, directory));
    if (!error && !new->entry)
        error = entry_may_add(new->dir);
    else if (!error)
        full = entry_may_remove(new, flags & RENAME_EXCHANGE ? onto_directory : directory);
    if (!error)
        error = full_is_fine(full);
    // A folder that changes its parent changes its "..".
    int moves = old->dir != new->dir;
    if (!error && moves && directory)
        error = inode_permission(old->entry->inode, MAY_WRITE);
    if (!error && moves && (flags & RENAME_EXCHANGE) && onto_directory)
        error = inode_permission(new->entry->inode, MAY_WRITE);
    return error || (flags & RENAME_EXCHANGE) ? error : full;
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
    dentry_exchange(a, b);
    count_move(old->dir->inode, new->dir->inode, a->inode);
    count_move(new->dir->inode, old->dir->inode, b->inode);
    return 0;
}

static int do_rename(struct place *old, struct place *new, unsigned flags) {
    int error = check_names(old, new, flags);
    if (error)
        return error;
    if (new->entry && new->entry->inode == old->entry->inode)
        return 0; // two links of one file: nothing is done (rename(2))
    error = may_move(old, new, flags);
    if (error)
        return error;
    if (flags & RENAME_EXCHANGE)
        return exchange(old, new);
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
