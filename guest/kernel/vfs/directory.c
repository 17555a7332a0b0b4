// Folders as open files.
//
// Invariant: a position is the cookie of the entry read last, so entries that come and go elsewhere
// in the folder neither hide nor repeat others (readdir(3)).
#include "vfs/directory.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define COOKIE_DOT 1
#define COOKIE_DOT_DOT 2

struct listing {
    char *buffer;
    size_t size, used;
    int64_t pos; // of the last entry that fitted
};

static int add_entry(void *context, const char *name, size_t len, uint64_t ino, uint32_t mode,
                     int64_t cookie) {
    struct listing *listing = context;
    size_t head = offsetof(struct linux_dirent64, name);
    size_t record = (head + len + 1 + 7) & ~(size_t)7;
    if (record > listing->size - listing->used)
        return 1;
    struct linux_dirent64 *entry = (void *)(listing->buffer + listing->used);
    memset((char *)entry + head, 0, record - head);
    entry->ino = ino;
    entry->off = cookie;
    entry->reclen = (uint16_t)record;
    entry->type = (uint8_t)((mode & S_IFMT) >> 12);
    memcpy(entry->name, name, len);
    listing->used += record;
    listing->pos = cookie;
    return 0;
}

static int list_children(struct dentry *dir, int64_t pos, struct listing *listing) {
    // On from where a listing stopped: a folder of n entries is not walked n times.
    int resumes = dir->listed && dir->listed->cookie <= pos;
    struct dentry *child = resumes ? dir->listed->next : dir->first;
    for (; child; child = child->next) {
        if (child->cookie <= pos)
            continue;
        struct inode *inode = mount_top(child)->inode;
        if (add_entry(listing, child->name, child->name_len, inode->ino, inode->mode,
                      child->cookie))
            return 1;
        dir->listed = child;
    }
    return 0;
}

static int directory_list(struct file *file, void *buffer, size_t size) {
    struct dentry *dir = file->entry;
    struct listing listing = {.buffer = buffer, .size = size, .pos = file->pos};
    struct inode *up = dir->parent->inode;
    int full = 0, error = 0;
    if (dir->parent == dir && dir->inode->fs->covers)
        up = dir->inode->fs->covers->parent->inode;
    if (dir->inode->nlink == 0 && dir->inode->fs->pinned)
        return -ENOENT; // removed
    if (file->pos < COOKIE_DOT)
        full = add_entry(&listing, ".", 1, dir->inode->ino, S_IFDIR, COOKIE_DOT);
    if (!full && file->pos < COOKIE_DOT_DOT)
        full = add_entry(&listing, "..", 2, up->ino, S_IFDIR, COOKIE_DOT_DOT);
    if (!full && dir->inode->ops->list)
        error = dir->inode->ops->list(dir, listing.pos, add_entry, &listing);
    else if (!full)
        full = list_children(dir, listing.pos, &listing);
    if (error < 0 && !listing.used)
        return error;
    if (full && !listing.used)
        return -EINVAL;
    file->pos = listing.pos;
    inode_touch_atime(dir->inode);
    return (int)listing.used;
}

static int64_t directory_seek(struct file *file, int64_t offset, int whence) {
    if (whence == SEEK_CUR)
        offset += file->pos;
    else if (whence != SEEK_SET)
        return -EINVAL;
    return offset < 0 ? -EINVAL : (file->pos = offset);
}

static int directory_sync(struct file *file, int data_only) {
    (void)file, (void)data_only;
    return 0;
}

const struct file_ops directory_ops = {
    .seek = directory_seek,
    .getdents = directory_list,
    .sync = directory_sync,
};
