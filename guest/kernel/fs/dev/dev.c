// /dev: the devices every program expects, on a tmpfs of its own.
//
// Invariants
// 1. A device is a tmpfs inode with file operations of its own; it holds no state.
// 2. /dev/stdin, stdout, stderr and fd lead into /proc/self/fd, as on Linux: opening one is opening
//    another description of what the descriptor has open.
// 3. There is no console. /dev/tty is the host's terminal when there is one; others are made by
//    /dev/ptmx.
#include "fs/dev/dev.h"
#include "fs/dev/asking.h"
#include "fs/tmpfs/tmpfs.h"
#include "host/host.h"
#include "task/process.h"
#include "task/task.h"
#include "tty/console.h"
#include "tty/pty.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/mountpoint.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define TMPFS_MAGIC 0x01021994u
#define DEVICE(major, minor) ((major) << 8 | (minor))

static long read_nothing(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)file, (void)buffer, (void)size, (void)pos;
    return 0;
}

static long read_zeros(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)file, (void)pos;
    memset(buffer, 0, size);
    return (long)size;
}

static long read_random(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)file, (void)pos;
    int error = host_random(buffer, size);
    return error < 0 ? error : (long)size;
}

static long write_away(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)file, (void)buffer, (void)pos;
    return (long)size;
}

static long write_full(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)file, (void)buffer, (void)pos;
    return size ? -ENOSPC : 0;
}

static int64_t stay(struct file *file, int64_t offset, int whence) {
    (void)offset;
    if (whence < SEEK_SET || whence > SEEK_END)
        return -EINVAL;
    return file->pos = 0;
}

static const struct file_ops null_ops = {.read = read_nothing, .write = write_away, .seek = stay};
static const struct file_ops zero_ops = {.read = read_zeros, .write = write_away, .seek = stay};
static const struct file_ops full_ops = {.read = read_zeros, .write = write_full, .seek = stay};
static const struct file_ops random_ops = {.read = read_random, .write = write_away, .seek = stay};

// /dev/tty is the process's own terminal, whichever of its descriptors has it.
static int open_terminal(struct dentry *entry, uint32_t flags, struct file **opened) {
    const struct controlling *terminal = current->process->terminal;
    uint32_t kept = flags & (O_ACCMODE | O_NONBLOCK | O_APPEND);
    (void)entry;
    if (!terminal)
        return -ENXIO;
    if (terminal != &console_control) {
        *opened = pty_open(terminal, kept);
        return *opened ? 0 : -ENOMEM;
    }
    for (int number = 0; number < 3; number++) {
        if (!console_is_terminal(number))
            continue;
        *opened = console_open(number);
        if (!*opened)
            return -ENOMEM;
        (*opened)->flags = kept;
        return 0;
    }
    return -ENXIO;
}

static const struct inode_ops terminal_ops = {.reopen = open_terminal};

static const struct device {
    const char *name;
    uint32_t rdev, mode;
    const struct file_ops *file_ops;
    const struct inode_ops *ops; // null: tmpfs's
} devices[] = {
    {"null", DEVICE(1, 3), 0666, &null_ops, NULL},
    {"zero", DEVICE(1, 5), 0666, &zero_ops, NULL},
    {"full", DEVICE(1, 7), 0666, &full_ops, NULL},
    {"random", DEVICE(1, 8), 0666, &random_ops, NULL},
    {"urandom", DEVICE(1, 9), 0666, &random_ops, NULL},
    {"tty", DEVICE(5, 0), 0666, NULL, &terminal_ops},
    {"boxer", DEVICE(10, 240), 0666, &asking_ops, NULL},
    {"ptmx", DEVICE(5, 2), 0666, &ptmx_file_ops, &ptmx_ops},
};

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

// Takes over the inode's reference.
static int add(struct dentry *dir, const char *name, struct inode *inode) {
    struct dentry *entry = inode ? dentry_new(dir, name, strlen(name), inode) : NULL;
    inode_put(inode);
    if (!entry)
        return -ENOMEM;
    dentry_link(entry);
    if (S_ISDIR(inode->mode))
        dir->inode->nlink++;
    return 0;
}

static struct inode *device_inode(struct filesystem *fs, const struct device *device) {
    struct inode *inode = tmpfs_inode(fs, S_IFCHR | device->mode);
    if (!inode)
        return NULL;
    inode->rdev = device->rdev;
    inode->file_ops = device->file_ops;
    if (device->ops)
        inode->ops = device->ops;
    return inode;
}

static int fill(struct filesystem *fs) {
    int error = 0;
    for (size_t i = 0; !error && i < sizeof devices / sizeof *devices; i++)
        error = add(fs->root, devices[i].name, device_inode(fs, &devices[i]));
    for (size_t i = 0; !error && i < sizeof links / sizeof *links; i++)
        error = add(fs->root, links[i].name,
                    tmpfs_symlink(fs, links[i].target, strlen(links[i].target)));
    if (!error)
        error = add(fs->root, "pts", tmpfs_inode(fs, S_IFDIR | 0755));
    if (!error)
        pty_boot(dentry_child(fs->root, "pts", 3));
    return error ? error : add(fs->root, "shm", tmpfs_inode(fs, S_IFDIR | S_ISVTX | 0777));
}

int dev_boot(void) {
    struct filesystem *fs = fs_new("tmpfs", "tmpfs", TMPFS_MAGIC, 1);
    struct inode *root = fs ? tmpfs_inode(fs, S_IFDIR | 0755) : NULL;
    if (!root)
        return -ENOMEM;
    int error = mount_at("/dev", fs, root);
    return error ? error : fill(fs);
}
