// The file system in memory: what Linux calls tmpfs.
//
// Invariants
// 1. Its dentries are pinned: the tree is the dentry tree, there is no second directory structure.
// 2. A folder's size is what Linux's tmpfs shows: 20 bytes an entry, two for "." and "..".
#include "fs/tmpfs/tmpfs.h"
#include "fs/tmpfs/block.h"
#include "fs/tmpfs/content.h"
#include "ipc/pipe.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/signal.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define EMPTY_FOLDER 40

static const struct inode_ops tmpfs_ops, fifo_ops;
static const struct file_ops tmpfs_file_ops;

struct inode *tmpfs_inode(struct filesystem *fs, uint32_t mode) {
    struct inode *inode = inode_new(fs, mode);
    if (!inode)
        return NULL;
    inode->ops = &tmpfs_ops;
    if (S_ISTYPE(mode, S_IFIFO)) {
        inode->ops = &fifo_ops;
        inode->file_ops = &pipe_ops;
    }
    if (S_ISDIR(mode))
        inode->size = EMPTY_FOLDER;
    if (S_ISREG(mode)) {
        inode->file_ops = &tmpfs_file_ops;
        inode->data = kzalloc(sizeof(struct content));
        if (!inode->data) {
            inode_put(inode);
            return NULL;
        }
    }
    return inode;
}

struct inode *tmpfs_symlink(struct filesystem *fs, const char *target, size_t len) {
    struct inode *inode = inode_new(fs, S_IFLNK | 0777);
    char *text = inode ? kmalloc(len + 1) : NULL;
    if (!text) {
        inode_put(inode);
        return NULL;
    }
    memcpy(text, target, len);
    text[len] = 0;
    inode->ops = &tmpfs_ops;
    inode->data = text;
    inode->size = (int64_t)len;
    return inode;
}

void tmpfs_lower(struct inode *inode, const uint8_t *data, uint32_t stored, uint32_t size) {
    struct content *content = inode->data;
    content->lower = size ? data : NULL;
    content->stored = stored;
    content->lower_size = size;
    inode->size = size;
    inode->blocks = ((uint64_t)size + PAGE_SIZE - 1) / PAGE_SIZE * (PAGE_SIZE / 512);
}

void tmpfs_lower_in_block(struct inode *inode, struct block *block, uint32_t offset,
                          uint32_t size) {
    struct content *content = inode->data;
    uint32_t stored, whole;
    const uint8_t *data = block_stored(block, &stored, &whole);
    tmpfs_lower(inode, data, stored, size);
    content->block = block;
    content->block_offset = offset;
}

static int create(struct dentry *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
                  struct inode **made) {
    (void)name, (void)len;
    *made = tmpfs_inode(dir->inode->fs, mode);
    if (!*made)
        return -ENOSPC;
    (*made)->rdev = rdev;
    return 0;
}

static int make_tmpfile(struct filesystem *fs, uint32_t mode, struct inode **made) {
    *made = tmpfs_inode(fs, mode);
    return *made ? 0 : -ENOSPC;
}

static int make_symlink(struct dentry *dir, const char *name, size_t len, const char *target,
                        size_t target_len, struct inode **made) {
    (void)name, (void)len;
    *made = tmpfs_symlink(dir->inode->fs, target, target_len);
    return *made ? 0 : -ENOSPC;
}

static int link_name(struct dentry *old, struct dentry *dir, const char *name, size_t len) {
    (void)old, (void)dir, (void)name, (void)len;
    return 0;
}

static int unlink_name(struct dentry *victim) {
    (void)victim;
    return 0;
}

static int rename_name(struct dentry *old, struct dentry *dir, const char *name, size_t len,
                       struct dentry *replaced) {
    (void)old, (void)dir, (void)name, (void)len, (void)replaced;
    return 0;
}

static long read_link(struct dentry *link, char *buffer, size_t size) {
    size_t len = (size_t)link->inode->size;
    if (!S_ISLNK(link->inode->mode))
        return -EINVAL;
    memcpy(buffer, link->inode->data, len < size ? len : size);
    return (long)(len < size ? len : size);
}

static int resize(struct inode *inode, int64_t size) {
    return S_ISREG(inode->mode) ? content_resize(inode, size) : -EINVAL;
}

static void evict(struct inode *inode) {
    if (S_ISREG(inode->mode))
        content_free(inode);
    else
        kfree(inode->data);
}

static const struct inode_ops tmpfs_ops = {
    .create = create,
    .tmpfile = make_tmpfile,
    .symlink = make_symlink,
    .link = link_name,
    .unlink = unlink_name,
    .rename = rename_name,
    .readlink = read_link,
    .truncate = resize,
    .page = content_page,
    .evict = evict,
};

static const struct inode_ops fifo_ops = {
    .link = link_name,
    .unlink = unlink_name,
    .rename = rename_name,
    .open = pipe_open_fifo,
};

static long file_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    long result = content_read(file->inode, buffer, size, *pos);
    if (result > 0)
        *pos += result;
    if (!(file->flags & O_NOATIME) && result >= 0)
        inode_touch_atime(file->inode);
    return result;
}

// RLIMIT_FSIZE: the part that still fits; a write that starts behind it raises SIGXFSZ (write(2)).
static long allowed(size_t size, int64_t pos) {
    if (rlimit(LINUX_RLIMIT_FSIZE) == LINUX_RLIM_INFINITY ||
        (uint64_t)pos + size <= rlimit(LINUX_RLIMIT_FSIZE))
        return (long)size;
    if ((uint64_t)pos >= rlimit(LINUX_RLIMIT_FSIZE)) {
        signal_raise(LINUX_SIGXFSZ);
        return -EFBIG;
    }
    return (long)(rlimit(LINUX_RLIMIT_FSIZE) - (uint64_t)pos);
}

static long file_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct inode *inode = file->inode;
    if (file->flags & O_APPEND)
        *pos = inode->size;
    if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        return -EPERM;
    if ((inode->seals & F_SEAL_GROW) && (uint64_t)*pos + size > (uint64_t)inode->size)
        return -EPERM;
    long part = size ? allowed(size, *pos) : 0;
    if (part <= 0)
        return part;
    long result = content_write(inode, buffer, (size_t)part, *pos);
    if (result > 0) {
        *pos += result;
        inode_changed(inode);
    }
    return result;
}

static int64_t file_seek(struct file *file, int64_t offset, int whence) {
    int64_t base = whence == SEEK_CUR ? file->pos : whence == SEEK_END ? file->inode->size : 0;
    if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        offset = content_seek(file->inode, offset, whence);
        if (offset < 0)
            return offset;
    } else if (whence < SEEK_SET || whence > SEEK_END) {
        return -EINVAL;
    }
    int64_t pos;
    if (__builtin_add_overflow(base, offset, &pos))
        return -EOVERFLOW;
    if (pos < 0)
        return -EINVAL;
    return file->pos = pos;
}

static int file_truncate(struct file *file, int64_t size) {
    return content_resize(file->inode, size);
}

// Whether as many pages can be had at all: asked first, so that an absurd request takes nothing.
static int room_for(const struct inode *inode, int64_t length) {
    uint64_t have = fs_usage.pages_max - fs_usage.pages + inode->blocks / (PAGE_SIZE / 512);
    return (uint64_t)length / PAGE_SIZE <= have;
}

static int file_fallocate(struct file *file, int mode, int64_t offset, int64_t length) {
    struct inode *inode = file->inode;
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        return -EOPNOTSUPP;
    int64_t end = offset + length;
    if (mode & FALLOC_FL_PUNCH_HOLE)
        return inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
                   ? -EPERM
                   : content_punch(inode, offset, length);
    if ((mode & FALLOC_FL_ZERO_RANGE) && (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
        return -EPERM;
    if (end > inode->size && (inode->seals & F_SEAL_GROW))
        return -EPERM;
    int error = inode_check_limit(inode, end);
    if (!error && !room_for(inode, length))
        error = -ENOSPC;
    if (!error && (mode & FALLOC_FL_ZERO_RANGE))
        error = content_punch(inode, offset, length);
    if (!error)
        error = content_reserve(inode, offset, length);
    if (!error && end > inode->size && !(mode & FALLOC_FL_KEEP_SIZE))
        inode->size = end;
    return error;
}

static const struct file_ops tmpfs_file_ops = {
    .read = file_read,
    .write = file_write,
    .seek = file_seek,
    .truncate = file_truncate,
    .fallocate = file_fallocate,
};
