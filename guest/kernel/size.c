// The size of files and what is kept of them: truncate, fallocate, sync, advice.
#include "memory.h"
#include "path.h"
#include "process.h"
#include "syscalls_fs.h"
#include "tmpfs_data.h"

#include <boxer/linux_errno.h>

#define SEAL_SHRINK 2u
#define SEAL_GROW 4u
#define SEAL_WRITE 8u

static int check_size(const struct inode *inode, int64_t size) {
    if (size < inode->size && (inode->seals & SEAL_SHRINK))
        return -EPERM;
    if (size > inode->size && (inode->seals & SEAL_GROW))
        return -EPERM;
    if (size > inode->size && process.fsize != LINUX_RLIM_INFINITY &&
        (uint64_t)size > process.fsize) {
        signal_raise(LINUX_SIGXFSZ);
        return -EFBIG;
    }
    return 0;
}

static void changed(struct inode *inode) {
    inode->mtime = inode->ctime = stamp_now();
    if (process.fsuid)
        inode->mode &= ~(S_ISUID | ((inode->mode & 010) ? S_ISGID : 0));
}

long sys_truncate64(const char *path, int64_t size) {
    struct dentry *entry;
    if (size < 0)
        return -EINVAL;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW, &entry);
    if (error)
        return error;
    struct inode *inode = entry->inode;
    if (S_ISDIR(inode->mode))
        error = -EISDIR;
    else if (!S_ISREG(inode->mode) || !inode->ops->truncate)
        error = -EINVAL;
    else if (!(error = inode_permission(inode, MAY_WRITE)) && !(error = check_size(inode, size)))
        error = inode->ops->truncate(inode, size);
    if (!error)
        changed(inode);
    dentry_put(entry);
    return error;
}

long sys_ftruncate64(int fd, int64_t size) {
    struct file *file = fd_file(fd);
    if (size < 0)
        return -EINVAL;
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if ((file->flags & O_ACCMODE) == O_RDONLY || !file->ops->truncate)
        return -EINVAL;
    int error = file->inode ? check_size(file->inode, size) : 0;
    if (!error)
        error = file->ops->truncate(file, size);
    if (!error && file->inode)
        changed(file->inode);
    return error;
}

long sys_fallocate(int fd, int mode, int64_t offset, int64_t length) {
    struct file *file = fd_file(fd);
    int64_t end;
    if (!file || (file->flags & O_PATH) || (file->flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    if (offset < 0 || length <= 0)
        return -EINVAL;
    if (!file->inode || !S_ISREG(file->inode->mode))
        return file->inode && S_ISDIR(file->inode->mode) ? -EISDIR
               : file->inode                             ? -ENODEV
                                                         : -ESPIPE;
    if (file->ops != &tmpfs_file_ops)
        return -EOPNOTSUPP;
    int keep = mode & FALLOC_FL_KEEP_SIZE, kind = mode & ~FALLOC_FL_KEEP_SIZE;
    if ((kind && kind != FALLOC_FL_PUNCH_HOLE && kind != FALLOC_FL_ZERO_RANGE) ||
        (kind == FALLOC_FL_PUNCH_HOLE && !keep))
        return -EOPNOTSUPP;
    if (__builtin_add_overflow(offset, length, &end))
        return -EFBIG;
    struct inode *inode = file->inode;
    if (kind && (inode->seals & SEAL_WRITE))
        return -EPERM;
    int64_t grown = !keep && end > inode->size ? end : inode->size;
    int error = check_size(inode, grown);
    if (!error && kind)
        error = content_punch(inode, offset, length);
    if (!error && kind != FALLOC_FL_PUNCH_HOLE)
        error = content_reserve(inode, offset, length);
    if (error)
        return error;
    inode->size = grown;
    changed(inode);
    return 0;
}

static long check_file(int fd, int64_t offset, int64_t length) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if (!file->ops->seek)
        return -ESPIPE;
    return offset < 0 || length < 0 ? -EINVAL : 0;
}

// Advice: everything is in memory already.
long sys_fadvise64(int fd, int64_t offset, int64_t length, int advice) {
    (void)offset;
    if (advice < 0 || advice > 5)
        return -EINVAL;
    return check_file(fd, 0, length);
}

long sys_readahead(int fd, int64_t offset, size_t size) {
    (void)size;
    long error = check_file(fd, offset, 0);
    return error == -ESPIPE ? -EINVAL : error;
}

long sys_sync_file_range(int fd, int64_t offset, int64_t length, unsigned flags) {
    return flags > 7 ? -EINVAL : check_file(fd, offset, length);
}

// Files in memory have nowhere to be written to; a host folder's do.
static long sync_file(int fd, int data_only) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if (file->ops->sync)
        return file->ops->sync(file, data_only);
    return file->inode && (S_ISREG(file->inode->mode) || S_ISDIR(file->inode->mode)) ? 0 : -EINVAL;
}

long sys_sync(void) {
    return 0;
}

long sys_fsync(int fd) {
    return sync_file(fd, 0);
}

long sys_fdatasync(int fd) {
    return sync_file(fd, 1);
}

long sys_syncfs(int fd) {
    struct file *file = fd_file(fd);
    return file && !(file->flags & O_PATH) ? 0 : -EBADF;
}
