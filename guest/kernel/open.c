// open(2) in all its forms.
//
// Invariants
// 1. Nothing is created, truncated or installed before every check has passed and every allocation
//    that can fail has been made, save the last: a full descriptor table is found out first.
// 2. An O_PATH description has neither read nor write; it names an entry.
#include "console.h"
#include "memory.h"
#include "path.h"
#include "syscalls_fs.h"
#include "task.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define OPEN_FLAGS 037777703u
#define O_PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define RESOLVE_FLAGS 0x3fu

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

static long do_open(int dirfd, const char *path, uint32_t flags, uint32_t mode, uint32_t resolve) {
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

// What open(2) does not know it ignores; openat2(2) refuses it.
long sys_openat(int dirfd, const char *path, int flags, uint32_t mode) {
    uint32_t known = (uint32_t)flags & (flags & (int)O_PATH ? O_PATH_FLAGS : OPEN_FLAGS);
    return do_open(dirfd, path, known, mode & 07777, 0);
}

long sys_openat2(int dirfd, const char *path, const struct linux_open_how *how, size_t size) {
    struct linux_open_how wanted = {0};
    if (size < sizeof wanted)
        return -EINVAL;
    if (!user_range(how, size))
        return -EFAULT;
    for (size_t i = sizeof wanted; i < size; i++)
        if (((const char *)how)[i])
            return -E2BIG;
    wanted = *how;
    uint32_t known = wanted.flags & O_PATH ? O_PATH_FLAGS : OPEN_FLAGS;
    if ((wanted.flags & ~(uint64_t)known) || (wanted.resolve & ~(uint64_t)RESOLVE_FLAGS))
        return -EINVAL;
    uint32_t modes = wanted.flags & (O_CREAT | TMPFILE_BIT) ? 07777 : 0;
    if (wanted.mode & ~(uint64_t)modes)
        return -EINVAL;
    if ((wanted.resolve & RESOLVE_BENEATH) && (wanted.resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    return do_open(dirfd, path, (uint32_t)wanted.flags, (uint32_t)wanted.mode,
                   (uint32_t)wanted.resolve);
}

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define F_SEAL_SEAL 1u

long sys_memfd_create(const char *name, unsigned flags) {
    char label[NAME_MAX + 1] = "memfd:";
    size_t len = 6;
    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x18u))
        return -EINVAL;
    if (!user_range(name, 1))
        return -EFAULT;
    for (const char *at = name; *at; at++) {
        if (len == NAME_MAX)
            return -EINVAL;
        label[len++] = *at;
    }
    struct inode *root = fs_root()->inode, *inode;
    if (root->ops->tmpfile(root->fs, S_IFREG | 0777, &inode))
        return -ENOMEM;
    struct dentry *entry = dentry_new(fs_root(), label, len, inode);
    struct file *file = NULL;
    inode_put(inode);
    if (!entry)
        return -ENOMEM;
    inode->nlink = 0;
    inode->seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
    int error = make_file(entry, O_RDWR | O_LARGEFILE, &file);
    dentry_put(entry);
    if (error)
        return error;
    int fd = fd_install(file, 0, (flags & MFD_CLOEXEC) != 0);
    if (fd < 0)
        file_put(file);
    return fd;
}
