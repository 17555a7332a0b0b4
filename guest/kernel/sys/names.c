// Making and removing names: mkdir, mknod, link, unlink, rmdir, symlink, readlink.
#include "sys/names.h"
#include "mm/memory.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/entry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

static int make_node(int dirfd, const char *path, uint32_t mode, uint32_t dev) {
    struct place place;
    struct dentry *made;
    int error = path_place(dirfd, path, PATH_NAME, 0, &place);
    if (error)
        return error;
    if (place.entry)
        error = -EEXIST;
    else if (place.trailing && !S_ISDIR(mode))
        error = -ENOENT;
    else if (!(error = entry_create(&place, mode, dev, &made)))
        dentry_put(made);
    place_end(&place);
    return error;
}

long sys_mkdirat(int dirfd, const char *path, uint32_t mode) {
    return make_node(dirfd, path, S_IFDIR | (mode & 01777), 0);
}

long sys_mknodat(int dirfd, const char *path, uint32_t mode, uint32_t dev) {
    uint32_t type = mode & S_IFMT;
    if (type == S_IFDIR)
        return -EPERM;
    if (type == 0)
        mode |= S_IFREG;
    else if (type == S_IFLNK || (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK &&
                                 type != S_IFCHR && type != S_IFBLK))
        return -EINVAL;
    if ((type == S_IFCHR || type == S_IFBLK) && current_cred()->fsuid)
        return -EPERM;
    return make_node(dirfd, path, mode & (S_IFMT | 07777), dev);
}

long sys_symlinkat(const char *target, int dirfd, const char *path) {
    struct place place;
    if (!user_range(target, 1))
        return -EFAULT;
    size_t len = 0;
    while (len < PATH_MAX && target[len])
        len++;
    if (len == 0 || len == PATH_MAX)
        return len ? -ENAMETOOLONG : -ENOENT;
    int error = path_place(dirfd, path, PATH_NAME, 0, &place);
    if (error)
        return error;
    struct inode *dir = place.dir->inode, *inode;
    if (place.entry)
        error = -EEXIST;
    else if (place.trailing)
        error = -ENOENT;
    else
        error = entry_may_add(place.dir);
    if (!error && !dir->ops->symlink)
        error = -EPERM;
    if (!error)
        error = dir->ops->symlink(place.dir, place.name, place.len, target, len, &inode);
    if (!error) {
        struct dentry *made;
        if (dir->fs->pinned)
            inode_inherit(inode, dir);
        error = entry_add(place.dir, place.name, place.len, inode, &made);
        inode_put(inode);
        if (!error)
            dentry_put(made);
    }
    place_end(&place);
    return error;
}

long sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size) {
    struct dentry *entry;
    struct file *file;
    if ((int)size <= 0)
        return -EINVAL;
    int error = path_or_fd(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &entry, &file);
    if (error)
        return error;
    long result = -EINVAL;
    if (entry && S_ISLNK(entry->inode->mode) && entry->inode->ops->readlink)
        result =
            user_range(buffer, size) ? entry->inode->ops->readlink(entry, buffer, size) : -EFAULT;
    else if (entry && path && !path[0])
        result = -ENOENT;
    if (entry)
        dentry_put(entry);
    return result;
}

// proc(5), protected_hardlinks: who does not own a file and could not write it links it nowhere.
static int may_link(const struct inode *inode) {
    if (inode_may_own(inode) == 0)
        return 1;
    int privileged_program =
        (inode->mode & S_ISUID) || (inode->mode & (S_ISGID | 010)) == (S_ISGID | 010);
    return S_ISREG(inode->mode) && !privileged_program &&
           inode_permission(inode, MAY_READ | MAY_WRITE) == 0;
}

static int add_link(struct dentry *old, struct place *place) {
    struct inode *inode = old->inode;
    if (place->entry)
        return -EEXIST;
    if (place->trailing || entry_is_removed(place->dir))
        return -ENOENT;
    if (inode->fs != place->dir->inode->fs)
        return -EXDEV;
    if (!may_link(inode))
        return -EPERM;
    int error = entry_may_add(place->dir);
    if (error)
        return error;
    if (S_ISDIR(inode->mode) || !inode->ops->link)
        return -EPERM;
    if (inode->nlink == 0 && !inode->linkable)
        return -ENOENT;
    error = inode->ops->link(old, place->dir, place->name, place->len);
    if (error)
        return error;
    struct dentry *made;
    error = entry_add(place->dir, place->name, place->len, inode, &made);
    if (error)
        return error;
    dentry_put(made);
    inode->nlink++;
    inode->ctime = stamp_now();
    return 0;
}

long sys_linkat(int old_dirfd, const char *old, int dirfd, const char *path, int flags) {
    struct dentry *source;
    struct file *file;
    struct place place;
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int follow = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
    int error = path_or_fd(old_dirfd, old, (flags & AT_EMPTY_PATH) | follow, &source, &file);
    if (error)
        return error;
    // A descriptor got from somebody else gives its file no name: linkat(2), AT_EMPTY_PATH.
    if (!source || (file && current_cred()->fsuid && file->opener != current_cred()->changes)) {
        if (source)
            dentry_put(source);
        return -ENOENT;
    }
    error = path_place(dirfd, path, PATH_NAME, 0, &place);
    if (!error) {
        error = add_link(source, &place);
        place_end(&place);
    }
    dentry_put(source);
    return error;
}

// "dir/." is EINVAL for rmdir, "dir/.." ENOTEMPTY: rmdir(2).
static int dots_of(const char *path) {
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    if (len >= 1 && path[len - 1] == '.' && (len == 1 || path[len - 2] == '/'))
        return -EINVAL;
    if (len >= 2 && path[len - 1] == '.' && path[len - 2] == '.' &&
        (len == 2 || path[len - 3] == '/'))
        return -ENOTEMPTY;
    return 0;
}

long sys_unlinkat(int dirfd, const char *path, int flags) {
    struct place place;
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    int error = path_place(dirfd, path, PATH_NAME, 0, &place);
    if (error)
        return error;
    if (place.len == 0 && (flags & AT_REMOVEDIR))
        error = dots_of(path);
    if (!error && place.entry && place.trailing && !(flags & AT_REMOVEDIR))
        error = S_ISDIR(place.entry->inode->mode) ? -EISDIR : -ENOTDIR;
    if (!error)
        error = entry_may_remove(&place, (flags & AT_REMOVEDIR) != 0);
    if (!error)
        error = place.entry->inode->ops->unlink(place.entry);
    if (!error)
        entry_remove(place.entry);
    place_end(&place);
    return error;
}
