// /proc and /sys: the file systems of entries whose text is made when they are opened.
//
// Invariants
// 1. Its dentries are not pinned; an inode is made for each lookup and points to its entry.
// 2. Position p of a folder: entry number p - 2 is next (1 and 2 are behind "." and "..").
// 3. Nothing of it can be written to, created or removed.
#include "fs/proc/proc.h"
#include "fs/proc/devices.h"
#include "fs/proc/self.h"
#include "fs/proc/sys.h"
#include "fs/proc/system.h"
#include "fs/proc/text.h"
#include "fs/proc/whom.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/mountpoint.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define PROC_MAGIC_NUMBER 0x9fa0u
#define SYSFS_MAGIC_NUMBER 0x62656572u

static long number_target(uint32_t number, const char *behind, uint32_t other, char *buffer,
                          size_t size) {
    struct text text = {0};
    text_print(&text, behind ? "%u%s%u" : "%u", U(number), behind, U(other));
    long result = text.failed ? -ENOMEM : (long)(text.size < size ? text.size : size);
    if (result > 0)
        memcpy(buffer, text.bytes, (size_t)result);
    kfree(text.bytes);
    return result;
}

static long self_target(char *buffer, size_t size) {
    return number_target(current->process->pid, NULL, 0, buffer, size);
}

static long thread_self_target(char *buffer, size_t size) {
    return number_target(current->process->pid, "/task/", current->tid, buffer, size);
}

static long mounts_target(char *buffer, size_t size) {
    return proc_copy("self/mounts", buffer, size);
}

static long net_target(char *buffer, size_t size) {
    return proc_copy("self/net", buffer, size);
}

const struct proc_entry proc_root[] = {
    PROC_TEXT("cmdline", "boxer\n"),
    PROC_FILE("cpuinfo", show_cpuinfo),
    PROC_TEXT("diskstats", ""),
    PROC_TEXT("filesystems", "nodev\ttmpfs\nnodev\tproc\nnodev\tsysfs\nnodev\thostfs\n"),
    PROC_FILE("loadavg", show_loadavg),
    PROC_FILE("meminfo", show_meminfo),
    PROC_LINK("mounts", mounts_target),
    PROC_LINK("net", net_target),
    PROC_TEXT("partitions", "major minor  #blocks  name\n\n"),
    PROC_LINK("self", self_target),
    PROC_FILE("stat", show_system_stat),
    PROC_FOLDER("sys", proc_sys),
    PROC_LINK("thread-self", thread_self_target),
    PROC_FILE("uptime", show_uptime),
    PROC_FILE("version", show_version),
    PROC_FILE("vmstat", show_vmstat),
    PROC_END,
};

long proc_copy(const char *text, char *buffer, size_t size) {
    size_t len = strlen(text);
    memcpy(buffer, text, len < size ? len : size);
    return (long)(len < size ? len : size);
}

static const struct proc_entry *entry_of(const struct inode *inode) {
    return inode->data;
}

static uint64_t number_of(const struct proc_entry *entry) {
    return (uint32_t)(uintptr_t)entry; // tables are constants: an address is a number for good
}

static const struct inode_ops folder_ops, text_ops, link_ops;

static const struct inode_ops *ops_of(const struct proc_entry *entry) {
    if (S_ISDIR(entry->mode))
        return entry->ops ? entry->ops : &folder_ops;
    return S_ISLNK(entry->mode) ? &link_ops : &text_ops;
}

static struct inode *make_inode(struct filesystem *fs, const struct proc_entry *entry,
                                uint32_t whom) {
    struct inode *inode = inode_new(fs, entry->mode);
    if (!inode)
        return NULL;
    inode->ops = ops_of(entry);
    inode->file_ops = &proc_text_ops;
    inode->ino = (uint64_t)whom << 32 | number_of(entry);
    struct task *before = entry->flags & PROC_OWNED ? whom_enter(whom) : NULL;
    if (before) {
        inode->uid = current_cred()->euid;
        inode->gid = current_cred()->egid;
        whom_leave(before);
    }
    inode->data = (void *)(uintptr_t)entry;
    return inode;
}

static const struct proc_entry process_entry = PROC_FOLDER("process", proc_self);

struct inode *proc_folder_of(struct filesystem *fs, uint32_t whom) {
    return make_inode(fs, &process_entry, whom);
}

uint32_t proc_process_of(const struct inode *inode) {
    return inode->ops == &folder_ops && entry_of(inode) == &process_entry ? whom_of(inode) : 0;
}

static int lookup(struct dentry *dir, const char *name, size_t len, struct inode **found) {
    for (const struct proc_entry *entry = entry_of(dir->inode)->children; entry->name; entry++)
        if (strlen(entry->name) == len && memcmp(entry->name, name, len) == 0) {
            *found = make_inode(dir->inode->fs, entry, whom_of(dir->inode));
            return *found ? 0 : -ENOMEM;
        }
    int pid = entry_of(dir->inode)->children == proc_root ? whom_parse(name, len) : -1;
    // In a container the program itself is number 1, and its output is `/proc/1/fd/1`.
    if (pid == 1)
        pid = PROCESS_PID;
    if (pid <= 0 || !process_find((uint32_t)pid))
        return -ENOENT;
    *found = proc_folder_of(dir->inode->fs, (uint32_t)pid);
    return *found ? 0 : -ENOMEM;
}

static int list(struct dentry *dir, int64_t pos, fill_entry fill, void *context) {
    const struct proc_entry *children = entry_of(dir->inode)->children;
    int64_t count = 0;
    for (int64_t i = 0; children[i].name; i++) {
        const struct proc_entry *entry = &children[i];
        if (i < pos - 2)
            continue;
        uint64_t number = (uint64_t)whom_of(dir->inode) << 32 | number_of(entry);
        if (fill(context, entry->name, strlen(entry->name), number, entry->mode, i + 3))
            return i == pos - 2 ? -EINVAL : 0;
    }
    while (children[count].name)
        count++;
    return children == proc_root ? whom_list(dir->inode, pos - 2, count, fill, context) : 0;
}

static int refuse(struct inode *inode, const struct attributes *wanted) {
    (void)inode, (void)wanted;
    return -EPERM;
}

static long read_link(struct dentry *link, char *buffer, size_t size) {
    struct task *before = whom_enter(whom_of(link->inode));
    if (!before)
        return -ENOENT;
    long result = entry_of(link->inode)->target(buffer, size);
    whom_leave(before);
    return result;
}

static int follow(struct dentry *link, struct dentry **target) {
    const struct proc_entry *entry = entry_of(link->inode);
    struct task *before = entry->follow ? whom_enter(whom_of(link->inode)) : NULL;
    if (!before)
        return entry->follow ? -ENOENT : -EAGAIN;
    int result = entry->follow(target);
    whom_leave(before);
    return result;
}

static int open_text(struct dentry *entry, struct file *file) {
    if ((file->flags & O_ACCMODE) != O_RDONLY)
        return -EACCES;
    struct text *text = kzalloc(sizeof *text);
    if (!text)
        return -ENOMEM;
    file->private_data = text;
    struct task *before = whom_enter(whom_of(entry->inode));
    if (!before)
        return -ESRCH;
    const struct proc_entry *shown = entry_of(entry->inode);
    if (shown->flags & PROC_CONSTANT)
        text_add(text, shown->constant, strlen(shown->constant));
    else
        shown->show(text);
    whom_leave(before);
    return text->failed ? -ENOMEM : 0;
}

static const struct inode_ops folder_ops = {.lookup = lookup, .list = list, .set = refuse};
static const struct inode_ops link_ops = {.readlink = read_link, .follow = follow, .set = refuse};
static const struct inode_ops text_ops = {.open = open_text, .set = refuse};

static long text_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    const struct text *text = file->private_data;
    if (*pos < 0 || (uint64_t)*pos >= text->size)
        return 0;
    size_t left = text->size - (size_t)*pos;
    size = size < left ? size : left;
    memcpy(buffer, text->bytes + *pos, size);
    *pos += (int64_t)size;
    return (long)size;
}

static int64_t text_seek(struct file *file, int64_t offset, int whence) {
    int64_t base = whence == SEEK_CUR ? file->pos : 0, pos;
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return -EINVAL;
    if (__builtin_add_overflow(base, offset, &pos) || pos < 0)
        return -EINVAL;
    return file->pos = pos;
}

static void text_release(struct file *file) {
    struct text *text = file->private_data;
    if (text)
        kfree(text->bytes);
    kfree(text);
}

const struct file_ops proc_text_ops = {
    .read = text_read,
    .seek = text_seek,
    .release = text_release,
};

static const struct proc_entry proc_mount = PROC_FOLDER("/proc", proc_root);
static const struct proc_entry sys_mount = PROC_FOLDER("/sys", devices_root);

static int mount(const struct proc_entry *entry, const char *type, uint32_t magic) {
    struct filesystem *fs = fs_new(type, type, magic, 0);
    struct inode *root = fs ? make_inode(fs, entry, 0) : NULL;
    if (!root) {
        kfree(fs);
        return -ENOMEM;
    }
    return mount_at(entry->name, fs, root);
}

int proc_boot(void) {
    int error = mount(&proc_mount, "proc", PROC_MAGIC_NUMBER);
    return error ? error : mount(&sys_mount, "sysfs", SYSFS_MAGIC_NUMBER);
}
