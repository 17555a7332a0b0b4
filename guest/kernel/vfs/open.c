// open(2) in all its forms.
//
// Invariants
// 1. Nothing is created, truncated or installed before every check has passed and every allocation
//    that can fail has been made, save the last: a full descriptor table is found out first.
// 2. An O_PATH description has neither read nor write; it names an entry.
#include "vfs/open.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/directory.h"
#include "vfs/entry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static const struct file_ops path_ops; // O_PATH: every operation is missing

static uint32_t access_wanted(uint32_t flags) {
    static const uint32_t may[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE};
    return may[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

static int check_kind(struct dentry *entry, uint32_t flags) {
    uint32_t mode = entry->inode->mode;
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if ((flags & O_DIRECTORY) && !S_ISDIR(mode))
        return -ENOTDIR;
    if (S_ISLNK(mode))
        return -ELOOP;
    return S_ISDIR(mode) && (writes || (flags & O_CREAT)) ? -EISDIR : 0;
}

static void attach(struct file *file, struct dentry *entry) {
    inode_get(entry->inode);
    file->inode = entry->inode;
    dentry_get(entry);
    file->entry = entry;
    if ((file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH))
        entry->inode->writers++;
}

static int make_file(struct dentry *entry, uint32_t flags, struct file **made) {
    struct inode *inode = entry->inode;
    const struct file_ops *ops = S_ISDIR(inode->mode) ? &directory_ops : inode->file_ops;
    if (flags & O_PATH)
        ops = &path_ops;
    if (!ops)
        return -ENXIO;
    struct file *file = file_new(ops, flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC));
    if (!file)
        return -ENOMEM;
    int error = 0;
    if (!(flags & O_PATH) && inode->ops->open)
        error = inode->ops->open(entry, file);
    attach(file, entry);
    if (error) {
        file_put(file);
        return error;
    }
    *made = file;
    return 0;
}

int open_to_run(struct dentry *entry, struct file **opened) {
    return make_file(entry, O_RDONLY, opened);
}

static int open_entry(struct dentry *entry, uint32_t flags, int created, struct file **opened) {
    struct inode *inode = entry->inode;
    if ((flags & O_PATH) && (flags & O_DIRECTORY) && !S_ISDIR(inode->mode))
        return -ENOTDIR;
    if (flags & O_PATH)
        return make_file(entry, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), opened);
    int error = check_kind(entry, flags);
    if (!error && !created)
        error = inode_permission(inode, access_wanted(flags));
    if (!error && (flags & O_NOATIME))
        error = inode_may_own(inode);
    if (!error && S_ISTYPE(inode->mode, S_IFSOCK))
        error = -ENXIO;
    if (error)
        return error;
    if (inode->ops->reopen) {
        error = inode->ops->reopen(entry, flags, opened);
        if (error != -EAGAIN)
            return error;
    }
    error = make_file(entry, flags, opened);
    if (!error && (flags & O_TRUNC) && S_ISREG(inode->mode)) {
        error = inode->ops->truncate ? inode->ops->truncate(inode, 0) : 0;
        if (error)
            file_put(*opened);
        else
            inode_changed(inode);
    }
    return error;
}

static int open_tmpfile(struct dentry *dir, uint32_t flags, uint32_t mode, struct file **opened) {
    if (!S_ISDIR(dir->inode->mode))
        return -ENOTDIR;
    if (!dir->inode->ops->tmpfile)
        return -EOPNOTSUPP;
    struct inode *inode;
    int error = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
    if (!error)
        error = dir->inode->ops->tmpfile(dir->inode->fs, S_IFREG | (mode & 07777), &inode);
    if (error)
        return error;
    inode_inherit(inode, dir->inode);
    inode->nlink = 0;
    inode->linkable = !(flags & O_EXCL);
    struct dentry *entry = dentry_new(dir, "#tmpfile", 8, inode);
    inode_put(inode);
    if (!entry)
        return -ENOMEM;
    error = make_file(entry, flags, opened);
    dentry_put(entry);
    return error;
}

// An open that could have made the file finds somebody else's node in a folder everybody may write
// to: sticky(7). Regular files and FIFOs pass, as with Linux's protected_regular and
// protected_fifos unset.
static int sticky_refuses(const struct inode *dir, const struct inode *inode) {
    return (dir->mode & S_ISVTX) && (dir->mode & 02) && !S_ISREG(inode->mode) &&
           !S_ISTYPE(inode->mode, S_IFIFO) && inode->uid != dir->uid &&
           inode->uid != current_cred()->fsuid;
}

static int open_place(struct place *place, uint32_t flags, uint32_t mode, struct file **opened) {
    struct dentry *entry = place->entry;
    if ((flags & O_TMPFILE) == O_TMPFILE)
        return entry ? open_tmpfile(entry, flags, mode, opened) : -ENOENT;
    if (entry && (flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (entry && (flags & O_CREAT) && S_ISDIR(entry->inode->mode))
        return -EISDIR;
    if (entry && (flags & O_CREAT) && sticky_refuses(place->dir->inode, entry->inode))
        return -EACCES;
    if (entry)
        return open_entry(entry, flags, 0, opened);
    if (!(flags & O_CREAT))
        return -ENOENT;
    int error = entry_create(place, S_IFREG | (mode & 07777), 0, &entry);
    if (error)
        return error;
    error = open_entry(entry, flags & ~O_TRUNC, 1, opened);
    if (error && (!entry->inode->ops->unlink || entry->inode->ops->unlink(entry) == 0))
        entry_remove(entry); // without a description the name is not wanted
    dentry_put(entry);
    return error;
}

static int check_flags(uint32_t flags, uint32_t resolve) {
    if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
        return -EINVAL;
    if ((flags & TMPFILE_BIT) && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY))
        return -EINVAL;
    // All there is lies in memory, but what changes the file system is refused with it.
    if ((resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | TMPFILE_BIT)))
        return -EAGAIN;
    return 0;
}

long open_at(int dirfd, const char *path, uint32_t flags, uint32_t mode, uint32_t resolve) {
    struct place place;
    struct file *file;
    int walk = (flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL)) ? 0 : PATH_FOLLOW;
    walk |= flags & O_CREAT ? PATH_CREATE : 0;
    int error = check_flags(flags, resolve);
    if (!error)
        error = fd_room();
    if (!error)
        error = path_place(dirfd, path, walk, resolve, &place);
    if (error)
        return error;
    error = open_place(&place, flags, mode, &file);
    place_end(&place);
    if (error)
        return error;
    int fd = fd_install(file, 0, (flags & O_CLOEXEC) != 0);
    if (fd < 0)
        file_put(file);
    return fd;
}

long open_anonymous(const char *label, size_t len, uint32_t seals, int close_on_exec) {
    struct inode *root = fs_root()->inode, *inode;
    if (root->ops->tmpfile(root->fs, S_IFREG | 0777, &inode))
        return -ENOMEM;
    struct dentry *entry = dentry_new(fs_root(), label, len, inode);
    struct file *file = NULL;
    inode_put(inode);
    if (!entry)
        return -ENOMEM;
    inode->nlink = 0;
    inode->seals = seals;
    int error = make_file(entry, O_RDWR | O_LARGEFILE, &file);
    dentry_put(entry);
    if (error)
        return error;
    int fd = fd_install(file, 0, close_on_exec);
    if (fd < 0)
        file_put(file);
    return fd;
}
