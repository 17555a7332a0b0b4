// How long files are and what of them is stored: truncate, fallocate, fadvise, sync.
//
// Invariants
// 1. A size beyond RLIMIT_FSIZE raises SIGXFSZ and answers -EFBIG before anything changes; so does
//    a seal, with -EPERM.
// 2. Memory files need no sync; a file with a sync operation is asked for it.
#include "sys/size.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mapping.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#define FADVISE_LAST 5 // POSIX_FADV_NOREUSE
#define SYNC_RANGE_FLAGS 7u

static struct file *open_file(int fd) {
    struct file *file = fd_file(fd);
    return file && !(file->flags & O_PATH) ? file : NULL;
}

static int open_for_writing(const struct file *file) {
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

static uint32_t type_of(struct file *file) {
    uint32_t mode = file->inode ? file->inode->mode : file->ops->mode ? file->ops->mode(file) : 0;
    return mode & S_IFMT;
}

static int check_size(const struct inode *inode, int64_t size) {
    if ((size < inode->size && (inode->seals & F_SEAL_SHRINK)) ||
        (size > inode->size && (inode->seals & F_SEAL_GROW)))
        return -EPERM;
    return inode_check_limit(inode, size);
}

static int truncate_inode(struct inode *inode, int64_t size) {
    if (S_ISDIR(inode->mode))
        return -EISDIR;
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    int error = inode_permission(inode, MAY_WRITE);
    if (!error && !inode->ops->truncate)
        error = -EINVAL;
    if (!error && inode->ops->refresh)
        error = inode->ops->refresh(inode);
    if (!error)
        error = check_size(inode, size);
    int64_t before = inode->size;
    if (!error)
        error = inode->ops->truncate(inode, size);
    if (!error && size != before)
        inode_changed(inode);
    else if (!error)
        inode_drop_privileges(inode);
    return error;
}

long sys_truncate64(const char *path, int64_t size) {
    struct dentry *entry;
    if (size < 0)
        return -EINVAL;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW, &entry);
    if (error)
        return error;
    error = truncate_inode(entry->inode, size);
    dentry_put(entry);
    return error;
}

long sys_ftruncate64(int fd, int64_t size) {
    struct file *file = open_file(fd);
    if (size < 0)
        return -EINVAL;
    if (!file)
        return -EBADF;
    struct inode *inode = file->inode;
    if (!inode || !S_ISREG(inode->mode) || !open_for_writing(file) || !file->ops->truncate)
        return -EINVAL;
    int error = file_refresh(file);
    if (!error)
        error = check_size(inode, size);
    if (!error)
        error = file->ops->truncate(file, size);
    if (!error)
        inode_changed(inode);
    return error;
}

// Whether Linux knows the mode, before it looks at the file.
static int known_mode(int mode) {
    int keeps = mode & FALLOC_FL_KEEP_SIZE;
    switch (mode & ~FALLOC_FL_KEEP_SIZE) {
    case 0:
    case FALLOC_FL_ZERO_RANGE:
    case FALLOC_FL_UNSHARE_RANGE:
        return 1;
    case FALLOC_FL_PUNCH_HOLE:
        return keeps;
    case FALLOC_FL_COLLAPSE_RANGE:
    case FALLOC_FL_INSERT_RANGE:
        return !keeps;
    default:
        return 0;
    }
}

long sys_fallocate(int fd, int mode, int64_t offset, int64_t length) {
    struct file *file = open_file(fd);
    int64_t end;
    if (!file)
        return -EBADF;
    if (offset < 0 || length <= 0)
        return -EINVAL;
    if (!known_mode(mode))
        return -EOPNOTSUPP;
    if (!open_for_writing(file))
        return -EBADF;
    uint32_t type = type_of(file);
    if (type != S_IFREG)
        return type == S_IFIFO ? -ESPIPE : type == S_IFDIR ? -EISDIR : -ENODEV;
    if (__builtin_add_overflow(offset, length, &end))
        return -EFBIG;
    if (!file->inode || !file->ops->fallocate)
        return -EOPNOTSUPP;
    int error = file->ops->fallocate(file, mode, offset, length);
    if (!error)
        inode_changed(file->inode);
    return error;
}

long sys_fadvise64(int fd, int64_t offset, int64_t length, int advice) {
    struct file *file = open_file(fd);
    (void)offset;
    if (!file)
        return -EBADF;
    if (type_of(file) == S_IFIFO)
        return -ESPIPE;
    return length < 0 || advice < 0 || advice > FADVISE_LAST ? -EINVAL : 0;
}

long sys_readahead(int fd, int64_t offset, size_t size) {
    struct file *file = open_file(fd);
    (void)offset, (void)size;
    if (!file || (file->flags & O_ACCMODE) == O_WRONLY)
        return -EBADF;
    return type_of(file) == S_IFREG ? 0 : -EINVAL;
}

long sys_sync(void) {
    mapping_sync_all();
    return 0;
}

static long sync_file(int fd, int data_only) {
    struct file *file = open_file(fd);
    if (!file)
        return -EBADF;
    if (file->ops->sync)
        return file->ops->sync(file, data_only);
    uint32_t type = type_of(file);
    return type == S_IFREG || type == S_IFDIR ? 0 : -EINVAL;
}

long sys_fsync(int fd) {
    return sync_file(fd, 0);
}

long sys_fdatasync(int fd) {
    return sync_file(fd, 1);
}

long sys_syncfs(int fd) {
    struct file *file = open_file(fd);
    if (!file)
        return -EBADF;
    mapping_sync_all();
    return file->ops->sync ? file->ops->sync(file, 0) : 0;
}

long sys_sync_file_range(int fd, int64_t offset, int64_t length, unsigned flags) {
    struct file *file = open_file(fd);
    int64_t end;
    if (!file)
        return -EBADF;
    if ((flags & ~SYNC_RANGE_FLAGS) || offset < 0 || length < 0 ||
        __builtin_add_overflow(offset, length, &end))
        return -EINVAL;
    uint32_t type = type_of(file);
    if (type != S_IFREG && type != S_IFDIR && type != S_IFBLK)
        return -ESPIPE;
    return file->ops->sync ? file->ops->sync(file, 1) : 0;
}
