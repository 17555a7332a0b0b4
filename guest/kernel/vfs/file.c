// Open file descriptions.
#include "vfs/file.h"
#include "mm/slab.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/locks.h"

#include <boxer/linux_file.h>

struct file *file_new(const struct file_ops *ops, uint32_t flags) {
    struct file *file = kzalloc(sizeof *file);
    if (!file)
        return NULL;
    file->ops = ops;
    file->flags = flags;
    file->refs = 1;
    file->opener = current_cred()->changes;
    return file;
}

void file_get(struct file *file) {
    file->refs++;
}

void file_put(struct file *file) {
    if (--file->refs)
        return;
    if (file->watchers)
        file->forget(file);
    locks_release(file);
    if (file->ops->release)
        file->ops->release(file);
    if (file->inode && (file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_PATH))
        file->inode->writers--;
    if (file->entry)
        dentry_put(file->entry);
    inode_put(file->inode);
    kfree(file);
}

int file_refresh(struct file *file) {
    struct kstat stat;
    if (file->ops->stat)
        return file->ops->stat(file, &stat);
    struct inode *inode = file->inode;
    return inode && inode->ops->refresh ? inode->ops->refresh(inode) : 0;
}
