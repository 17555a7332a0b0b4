// Open files of host folders: one host descriptor each.
#include "fs/host/file.h"
#include "fs/host/hostfs.h"
#include "host/host.h"
#include "mm/slab.h"
#include "task/signal.h"
#include "task/task.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mapping_copy.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

struct opened {
    int hfd;
    int appends; // opened so: the host itself puts every write at the end
    int plain;   // the same file opened without that, where it was needed; else -1
};

static struct opened *opened_of(const struct file *file) {
    return file->private_data;
}

static int access_of(uint32_t flags) {
    uint32_t mode = flags & O_ACCMODE;
    int access = mode == O_WRONLY ? 0 : HOST_ACCESS_READ;
    if (mode != O_RDONLY)
        access |= HOST_ACCESS_WRITE | (flags & O_APPEND ? HOST_ACCESS_APPEND : 0);
    return access;
}

int hostfs_open_file(struct inode *inode, struct file *file) {
    struct host_path path;
    int error = hostfs_path(inode, NULL, 0, &path);
    if (error)
        return error;
    int access = access_of(file->flags);
    int hfd = host_open(path.root, path.text, path.len, 0, 0, access);
    hostfs_path_end(&path);
    if (hfd < 0)
        return hostfs_forget(inode, hfd);
    struct opened *opened = kmalloc(sizeof *opened);
    if (!opened) {
        host_close(hfd);
        return -ENOMEM;
    }
    *opened = (struct opened){hfd, (access & HOST_ACCESS_APPEND) != 0, -1};
    file->private_data = opened;
    struct host_stat stat;
    error = host_fstat(hfd, &stat);
    return error ? error : hostfs_forget(inode, hostfs_update(inode, &stat));
}

static void release(struct file *file) {
    struct opened *opened = opened_of(file);
    if (opened && opened->plain >= 0)
        host_close(opened->plain);
    if (opened)
        host_close(opened->hfd);
    kfree(opened);
}

static int file_stat(struct file *file, struct kstat *stat) {
    struct host_stat got;
    int error = host_fstat(opened_of(file)->hfd, &got);
    if (!error)
        error = hostfs_update(file->inode, &got);
    struct host_path path;
    if (!error && file->inode->fs->has_modes && !hostfs_path(file->inode, NULL, 0, &path)) {
        hostfs_look_at_mode(file->inode, &path);
        hostfs_path_end(&path);
    }
    if (!error)
        inode_stat(file->inode, stat);
    return error;
}

static int64_t size_of(struct file *file) {
    struct kstat stat;
    int error = file_stat(file, &stat);
    return error ? error : file->inode->size;
}

static long file_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    if (mappings)
        mapping_settle(file->inode);
    long result = host_pread(opened_of(file)->hfd, buffer, size, *pos);
    if (result > 0)
        *pos += result;
    return result;
}

// RLIMIT_FSIZE as in tmpfs: what still fits, or SIGXFSZ.
static long allowed(size_t size, int64_t pos) {
    if ((uint64_t)pos + size <= rlimit(LINUX_RLIMIT_FSIZE) || size == 0)
        return (long)size;
    if ((uint64_t)pos < rlimit(LINUX_RLIMIT_FSIZE))
        return (long)(rlimit(LINUX_RLIMIT_FSIZE) - (uint64_t)pos);
    signal_raise(LINUX_SIGXFSZ);
    return -EFBIG;
}

// F_SETFL took O_APPEND away, or a mapping is written back: the host would append all the same.
static int plain_of(struct file *file) {
    struct opened *opened = opened_of(file);
    struct host_path path;
    if (opened->plain >= 0)
        return opened->plain;
    int error = hostfs_path(file->inode, NULL, 0, &path);
    if (error)
        return -EINVAL; // it has no name to be opened by
    opened->plain = host_open(path.root, path.text, path.len, 0, 0, HOST_ACCESS_WRITE);
    hostfs_path_end(&path);
    return opened->plain;
}

static long file_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct opened *opened = opened_of(file);
    int appends = (file->flags & O_APPEND) != 0;
    int hfd = opened->appends && !appends ? plain_of(file) : opened->hfd;
    if (hfd < 0)
        return hfd;
    if (appends) {
        int64_t end = size_of(file);
        if (end < 0)
            return (long)end;
        *pos = end;
    }
    long part = allowed(size, *pos);
    if (part <= 0)
        return part;
    long result = opened->appends && appends ? host_write(hfd, buffer, (size_t)part)
                                             : host_pwrite(hfd, buffer, (size_t)part, *pos);
    if (result > 0 && mappings)
        mapping_wrote(file->inode, buffer, (size_t)result, *pos);
    if (result > 0)
        *pos += result;
    if (*pos > file->inode->size)
        file->inode->size = *pos;
    return result;
}

static int64_t file_seek(struct file *file, int64_t offset, int whence) {
    int64_t base = whence == SEEK_CUR ? file->pos : 0, pos;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    if (whence >= SEEK_END) {
        int64_t size = size_of(file);
        if (size < 0)
            return size;
        if (whence != SEEK_END && (offset < 0 || offset >= size))
            return -ENXIO;
        // The whole file is data, and behind it is the only hole.
        base = whence == SEEK_DATA ? 0 : size;
        offset = whence == SEEK_HOLE ? 0 : offset;
    }
    if (__builtin_add_overflow(base, offset, &pos))
        return -EOVERFLOW;
    return pos < 0 ? -EINVAL : (file->pos = pos);
}

static int file_truncate(struct file *file, int64_t size) {
    int error = host_truncate(opened_of(file)->hfd, size);
    if (!error)
        file->inode->size = size;
    if (!error && mappings)
        mapping_truncated(file->inode, size);
    return error;
}

static int file_sync(struct file *file, int data_only) {
    if (mappings)
        mapping_settle(file->inode);
    return host_sync(opened_of(file)->hfd, data_only);
}

const struct file_ops hostfs_file_ops = {
    .read = file_read,
    .write = file_write,
    .seek = file_seek,
    .truncate = file_truncate,
    .sync = file_sync,
    .stat = file_stat,
    .release = release,
};
