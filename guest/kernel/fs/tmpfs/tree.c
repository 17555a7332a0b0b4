// Reads the boot block's tree image (boxer/boot.h) into the root file system.
//
// The image was made by our linker, but a box is a file anybody can change: every offset is checked
// against the image's size, and a bad image is -EINVAL, never a read outside it.
#include "fs/tmpfs/tree.h"
#include "fs/tmpfs/block.h"
#include "fs/tmpfs/tmpfs.h"
#include "mm/slab.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/boot.h>
#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

struct image {
    const uint8_t *start;
    uint32_t size, count;
    const struct boxer_tree_entry *entries;
    struct dentry **made; // by entry index
};

static int inside(const struct image *image, uint32_t offset, uint32_t length) {
    return offset <= image->size && length <= image->size - offset;
}

static int open_image(struct image *image) {
    const struct boxer_tree *tree = (const void *)(uintptr_t)boxer_boot.tree;
    *image = (struct image){.start = (const uint8_t *)tree, .size = boxer_boot.tree_size};
    if (boxer_boot.tree % _Alignof(struct boxer_tree_entry))
        return -EINVAL;
    if (image->size < sizeof *tree || memcmp(tree->magic, BOXER_TREE_MAGIC, sizeof tree->magic))
        return -EINVAL;
    if (tree->entries % _Alignof(struct boxer_tree_entry))
        return -EINVAL;
    uint32_t room = image->size / sizeof(struct boxer_tree_entry);
    if (tree->count == 0 || tree->count > room ||
        !inside(image, tree->entries, tree->count * sizeof(struct boxer_tree_entry)))
        return -EINVAL;
    image->count = tree->count;
    image->entries = (const void *)(image->start + tree->entries);
    image->made = kzalloc(tree->count * sizeof *image->made);
    return image->made ? 0 : -ENOMEM;
}

static void set_attributes(struct inode *inode, const struct boxer_tree_entry *entry) {
    inode->mode = entry->mode;
    inode->uid = entry->uid;
    inode->gid = entry->gid;
    inode->rdev = entry->rdev;
    inode->mtime = (struct stamp){entry->mtime_sec, entry->mtime_nsec};
    inode->atime = inode->ctime = inode->btime = inode->mtime;
}

// 0, or -1 without memory.
static int set_content(struct inode *inode, const struct boxer_tree_entry *entry,
                       const uint8_t *data) {
    if (!entry->block) {
        tmpfs_lower(inode, data, entry->stored, entry->size);
        return 0;
    }
    struct block *block = block_of(data, entry->stored, entry->block);
    if (!block)
        return -1;
    tmpfs_lower_in_block(inode, block, entry->offset, entry->size);
    return 0;
}

static struct inode *make_inode(const struct image *image, const struct boxer_tree_entry *entry) {
    struct filesystem *fs = fs_root()->inode->fs;
    const uint8_t *data = image->start + entry->data;
    struct inode *inode;
    if (S_ISLNK(entry->mode)) {
        inode = tmpfs_symlink(fs, (const char *)data, entry->size);
    } else {
        inode = tmpfs_inode(fs, entry->mode);
        if (inode && S_ISREG(entry->mode) && set_content(inode, entry, data) < 0) {
            inode_put(inode);
            inode = NULL;
        }
    }
    if (inode)
        set_attributes(inode, entry);
    return inode;
}

static int known_type(uint32_t mode) {
    uint32_t type = mode & S_IFMT;
    return type == S_IFREG || type == S_IFDIR || type == S_IFLNK || type == S_IFIFO ||
           type == S_IFCHR || type == S_IFBLK || type == S_IFSOCK;
}

// One component of a path that its folder does not have yet.
static int valid_name(struct dentry *dir, const char *name, size_t len) {
    if (memchr(name, '/', len) || memchr(name, 0, len))
        return 0;
    if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
        return 0;
    return !dentry_child(dir, name, len);
}

// What is stored is the file, or a block that the file is in.
static int valid_size(const struct boxer_tree_entry *entry) {
    if (!entry->block)
        return entry->stored <= entry->size;
    return S_ISREG(entry->mode) && entry->stored <= entry->block && entry->offset <= entry->block &&
           entry->size <= entry->block - entry->offset;
}

static int valid(const struct image *image, uint32_t index) {
    const struct boxer_tree_entry *entry = &image->entries[index];
    if (entry->parent >= index || !image->made[entry->parent] ||
        !S_ISDIR(image->made[entry->parent]->inode->mode))
        return 0;
    if (entry->name_len == 0 || entry->name_len > NAME_MAX ||
        !inside(image, entry->name, entry->name_len) || !inside(image, entry->data, entry->stored))
        return 0;
    if (!valid_name(image->made[entry->parent], (const char *)image->start + entry->name,
                    entry->name_len))
        return 0;
    if (!known_type(entry->mode) || !valid_size(entry))
        return 0;
    if (S_ISLNK(entry->mode) &&
        (entry->size >= PATH_MAX || entry->size == 0 || entry->stored != entry->size))
        return 0;
    return entry->link <= index;
}

static int add_entry(struct image *image, uint32_t index) {
    const struct boxer_tree_entry *entry = &image->entries[index];
    if (!valid(image, index))
        return -EINVAL;
    struct inode *inode;
    if (entry->link) {
        inode = image->made[entry->link - 1]->inode;
        if (S_ISDIR(inode->mode))
            return -EINVAL;
        inode_get(inode);
        inode->nlink++;
    } else if (!(inode = make_inode(image, entry))) {
        return -ENOMEM;
    }
    struct dentry *parent = image->made[entry->parent];
    const char *name = (const char *)image->start + entry->name;
    struct dentry *made = dentry_new(parent, name, entry->name_len, inode);
    inode_put(inode);
    if (!made)
        return -ENOMEM;
    dentry_link(made);
    if (S_ISDIR(inode->mode))
        parent->inode->nlink++;
    image->made[index] = made;
    return 0;
}

int tree_read(void) {
    struct image image;
    if (!boxer_boot.tree)
        return 0;
    int error = open_image(&image);
    if (error)
        return error;
    set_attributes(fs_root()->inode, &image.entries[0]);
    image.made[0] = fs_root();
    if (!S_ISDIR(image.entries[0].mode))
        error = -EINVAL;
    for (uint32_t i = 1; !error && i < image.count; i++)
        error = add_entry(&image, i);
    kfree(image.made);
    return error;
}
