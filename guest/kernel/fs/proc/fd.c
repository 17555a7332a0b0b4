// /proc/PID/fd: one link for each open descriptor; /proc/PID/fdinfo: one file, of what is known of
// it.
//
// Invariants
// 1. A link's descriptor is looked up anew whenever the link is used; a closed one is -ENOENT.
// 2. A file with a dentry is reached through it. One without (a pipe, a socket, the host's stdio)
//    is reached through an inode made for the walk, which holds a reference to the file.
#include "fs/proc/fd.h"
#include "fs/proc/proc.h"
#include "fs/proc/text.h"
#include "fs/proc/whom.h"
#include "mm/slab.h"
#include "tty/console.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

#define FD_INO 0x80000000u
#define FDINFO_INO 0xc0000000u
#define ANONYMOUS_DEV 0xfu // as sys/attributes.c says of files without an inode

static const struct inode_ops link_ops, opened_ops, info_ops;
static KERNEL_STATE struct filesystem anonymous = {
    .type = "anon_inodefs", .source = "none", .dev = ANONYMOUS_DEV};

static int fd_of(const struct dentry *link) {
    return (int)(intptr_t)link->inode->data;
}

// Of the process whose folder it is; borrowed.
static struct file *file_of(const struct inode *inode, int fd) {
    struct task *before = whom_enter(whom_of(inode));
    struct file *file = before ? fd_file(fd) : NULL;
    if (before)
        whom_leave(before);
    return file;
}

static int look_for(struct dentry *dir, const char *name, size_t len, int is_link,
                    struct inode **found) {
    int fd = whom_parse(name, len);
    if (!file_of(dir->inode, fd))
        return -ENOENT;
    struct inode *inode = inode_new(dir->inode->fs, is_link ? S_IFLNK | 0700 : S_IFREG | 0400);
    if (!inode)
        return -ENOMEM;
    inode->ops = is_link ? &link_ops : &info_ops;
    inode->file_ops = &proc_text_ops;
    uint32_t base = is_link ? FD_INO : FDINFO_INO;
    inode->ino = (uint64_t)whom_of(dir->inode) << 32 | (base + (uint32_t)fd);
    inode->data = (void *)(intptr_t)fd;
    inode->size = 64; // as Linux shows it
    *found = inode;
    return 0;
}

static int lookup(struct dentry *dir, const char *name, size_t len, struct inode **found) {
    return look_for(dir, name, len, 1, found);
}

static int lookup_info(struct dentry *dir, const char *name, size_t len, struct inode **found) {
    return look_for(dir, name, len, 0, found);
}

// Of the current process.
static int list_own(int64_t pos, fill_entry fill, void *context) {
    int first = pos - 2 > INT32_MAX ? -1 : fd_next((int)(pos - 2));
    for (int fd = first; fd >= 0; fd = fd_next(fd + 1)) {
        struct text name = {0};
        text_print(&name, "%u", U(fd));
        int full = name.failed || fill(context, name.bytes, name.size, FD_INO + (uint32_t)fd,
                                       S_IFLNK, (int64_t)fd + 3);
        int error = name.failed ? -ENOMEM : -EINVAL;
        kfree(name.bytes);
        if (full)
            return fd == first ? error : 0;
    }
    return 0;
}

static int list(struct dentry *dir, int64_t pos, fill_entry fill, void *context) {
    struct task *before = whom_enter(whom_of(dir->inode));
    if (!before)
        return -ENOENT;
    int result = list_own(pos, fill, context);
    whom_leave(before);
    return result;
}

static uint32_t mode_of(struct file *file) {
    return file->ops->mode ? file->ops->mode(file) : 0600;
}

static void describe(struct text *text, struct file *file) {
    uint32_t type = mode_of(file) & S_IFMT;
    uint64_t number = file_number(file);
    if (type == S_IFCHR)
        text_print(text, "/dev/tty");
    else if (type == S_IFIFO)
        text_print(text, "pipe:[%u]", number);
    else if (type == S_IFSOCK)
        text_print(text, "socket:[%u]", number);
    else
        text_print(text, "anon_inode:[file]");
    text_add(text, "", 1);
}

static long read_link(struct dentry *link, char *buffer, size_t size) {
    struct file *file = file_of(link->inode, fd_of(link));
    if (!file)
        return -ENOENT;
    if (file->entry) {
        char path[PATH_MAX + 16];
        long len = dentry_path(file->entry, path, sizeof path, 1);
        return len < 0 ? -ENAMETOOLONG : proc_copy(path, buffer, size);
    }
    struct text text = {0};
    describe(&text, file);
    long result = text.failed ? -ENOMEM : proc_copy(text.bytes, buffer, size);
    kfree(text.bytes);
    return result;
}

static int refresh(struct inode *inode) {
    struct file *file = inode->data;
    struct kstat stat;
    if (!file->ops->stat)
        return 0;
    int error = file->ops->stat(file, &stat);
    if (!error) {
        inode->mode = stat.mode;
        inode->size = (int64_t)stat.size;
        inode->nlink = stat.nlink;
    }
    return error;
}

static int follow(struct dentry *link, struct dentry **target) {
    struct file *file = file_of(link->inode, fd_of(link));
    if (!file)
        return -ENOENT;
    if (file->entry) {
        *target = file->entry;
        dentry_get(*target);
        return 0;
    }
    struct inode *inode = inode_new(&anonymous, mode_of(file));
    if (!inode)
        return -ENOMEM;
    inode->ops = &opened_ops;
    inode->ino = file_number(file);
    inode->data = file;
    file_get(file);
    *target = dentry_new(link->parent, link->name, link->name_len, inode);
    inode_put(inode);
    return *target ? 0 : -ENOMEM;
}

static int open_info(struct dentry *entry, struct file *opened) {
    struct file *file = file_of(entry->inode, fd_of(entry));
    if ((opened->flags & O_ACCMODE) != O_RDONLY)
        return -EACCES;
    if (!file)
        return -ENOENT;
    struct text *text = kzalloc(sizeof *text);
    if (!text)
        return -ENOMEM;
    opened->private_data = text;
    const struct filesystem *fs = file->inode ? file->inode->fs : NULL;
    uint32_t flags = file->flags;
    text_print(text, "pos:\t%u\nflags:\t0", U(file->pos));
    for (int shift = 21; shift >= 0; shift -= 3)
        text_print(text, "%u", U(flags >> shift & 7));
    text_print(text, "\nmnt_id:\t%u\nino:\t%u\n", U(fs ? fs->dev : ANONYMOUS_DEV),
               file->inode ? file->inode->ino : file_number(file));
    return text->failed ? -ENOMEM : 0;
}

static int reopen_console(int number, uint32_t flags, struct file **opened) {
    uint32_t wanted = flags & O_ACCMODE;
    struct file *file = console_open(number);
    if (!file)
        return -ENOMEM;
    uint32_t has = file->flags & O_ACCMODE;
    if (has != O_RDWR && wanted != O_RDWR && wanted != has) {
        file_put(file);
        return -EACCES;
    }
    file->flags = (has == O_RDWR ? wanted : has) | (flags & (O_NONBLOCK | O_APPEND));
    *opened = file;
    return 0;
}

// A pipe's end is shared, not opened anew: the two differ only in whose O_NONBLOCK it is.
static int reopen(struct dentry *entry, uint32_t flags, struct file **opened) {
    struct file *file = entry->inode->data;
    uint32_t wanted = flags & O_ACCMODE, has = file->flags & O_ACCMODE;
    int console = file->ops->host_descriptor ? file->ops->host_descriptor(file) : -1;
    if (console >= 0)
        return reopen_console(console, flags, opened);
    if (!S_ISTYPE(mode_of(file), S_IFIFO))
        return -ENXIO;
    if (has != O_RDWR && wanted != has)
        return -EACCES;
    file_get(file);
    *opened = file;
    return 0;
}

static void evict(struct inode *inode) {
    file_put(inode->data);
}

static int refuse(struct inode *inode, const struct attributes *wanted) {
    (void)inode, (void)wanted;
    return -EPERM;
}

const struct inode_ops proc_fd_ops = {.lookup = lookup, .list = list, .set = refuse};
const struct inode_ops proc_fdinfo_ops = {.lookup = lookup_info, .list = list, .set = refuse};
static const struct inode_ops info_ops = {.open = open_info, .set = refuse};
static const struct inode_ops link_ops = {.readlink = read_link, .follow = follow, .set = refuse};
static const struct inode_ops opened_ops = {
    .reopen = reopen,
    .refresh = refresh,
    .set = refuse,
    .evict = evict,
};
