// Writes the root file system as a tree image: what a program of a build has left in it.
//
// Invariants
// 1. The file system is not changed. Content of a lower layer is named where it lies, compressed as
//    it is; other content is copied to pages in a row.
// 2. Offsets of the image are addresses (BOXER_TREE_ADDRESSES): nothing else is copied.
// 3. The machine ends behind this call: what it allocates is never freed.
#include "fs/tmpfs/block.h"
#include "fs/tmpfs/content.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/boot.h>
#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

struct writer {
    struct boxer_tree_entry *entries;
    const struct inode **inodes; // by entry
    uint32_t count;
};

// The name behind `at` in a walk that visits a folder before what is in it; null at the end.
// Mounted file systems are not entered. *parent: the entry of at's folder, then that of the
// result's.
static struct dentry *walk(const struct writer *writer, struct dentry *at, uint32_t index,
                           uint32_t *parent) {
    if (at->first && !at->mounted) {
        *parent = index;
        return at->first;
    }
    while (at->parent != at && !at->next) {
        at = at->parent;
        *parent = writer->entries ? writer->entries[*parent].parent : 0;
    }
    return at->parent == at ? NULL : at->next;
}

static uint32_t count_names(void) {
    struct writer nothing = {0};
    uint32_t count = 0, parent = 0;
    for (struct dentry *at = fs_root(); at; at = walk(&nothing, at, 0, &parent))
        count++;
    return count;
}

static int copy_content(struct inode *inode, struct boxer_tree_entry *entry) {
    size_t size = entry->size;
    void *copy = pages_alloc((size + PAGE_SIZE - 1) / PAGE_SIZE, 0);
    if (!copy)
        return -ENOMEM;
    entry->data = (uint32_t)(uintptr_t)copy;
    entry->stored = entry->size;
    long done = content_read(inode, copy, size, 0);
    return done < 0 ? (int)done : (size_t)done == size ? 0 : -EIO;
}

static int set_data(struct inode *inode, struct boxer_tree_entry *entry) {
    if (!S_ISREG(inode->mode) && !S_ISLNK(inode->mode))
        return 0;
    if (inode->size > UINT32_MAX)
        return -EFBIG;
    entry->size = entry->stored = (uint32_t)inode->size;
    if (S_ISLNK(inode->mode)) {
        entry->data = (uint32_t)(uintptr_t)inode->data;
        return 0;
    }
    const struct content *content = inode->data;
    if (!content->lower)
        return entry->size ? copy_content(inode, entry) : 0;
    if (content->block) {
        const uint8_t *data = block_stored(content->block, &entry->stored, &entry->block);
        entry->data = (uint32_t)(uintptr_t)data;
        entry->offset = content->block_offset;
        return 0;
    }
    entry->data = (uint32_t)(uintptr_t)content->lower;
    entry->stored = content->stored;
    return 0;
}

// The number behind the entry that has this inode already, 0: none.
static uint32_t earlier_link(const struct writer *writer, const struct inode *inode) {
    if (S_ISDIR(inode->mode) || inode->nlink < 2)
        return 0;
    for (uint32_t i = 0; i < writer->count; i++)
        if (writer->inodes[i] == inode)
            return i + 1;
    return 0;
}

static int add(struct writer *writer, const struct dentry *at, uint32_t parent) {
    struct inode *inode = at->inode;
    struct boxer_tree_entry entry = {
        .parent = parent,
        .name = (uint32_t)(uintptr_t)at->name,
        .name_len = at->name_len,
        .mode = inode->mode,
        .uid = inode->uid,
        .gid = inode->gid,
        .mtime_sec = inode->mtime.sec,
        .mtime_nsec = inode->mtime.nsec,
        .rdev = inode->rdev,
        .link = earlier_link(writer, inode),
    };
    int error = entry.link ? 0 : set_data(inode, &entry);
    if (error)
        return error;
    writer->inodes[writer->count] = inode;
    writer->entries[writer->count++] = entry;
    return 0;
}

const struct boxer_tree *kernel_tree(void) {
    size_t count = count_names(), room = count * sizeof(struct boxer_tree_entry);
    size_t inodes = (count * sizeof(struct inode *) + PAGE_SIZE - 1) / PAGE_SIZE;
    struct boxer_tree *tree = kzalloc(sizeof *tree);
    struct writer writer = {.entries = pages_alloc((room + PAGE_SIZE - 1) / PAGE_SIZE, 1)};
    writer.inodes = pages_alloc(inodes, 0);
    if (!tree || !writer.entries || !writer.inodes)
        return NULL;
    uint32_t parent = 0;
    for (struct dentry *at = fs_root(); at; at = walk(&writer, at, writer.count - 1, &parent))
        if (add(&writer, at, parent) < 0)
            return NULL;
    memcpy(tree->magic, BOXER_TREE_MAGIC, sizeof tree->magic);
    tree->count = writer.count;
    tree->entries = (uint32_t)(uintptr_t)writer.entries;
    tree->flags = BOXER_TREE_ADDRESSES;
    return tree;
}
