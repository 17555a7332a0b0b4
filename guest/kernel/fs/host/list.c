// Listing host folders.
//
// Invariants
// 1. A description lists what the folder held when its listing began, or was rewound: whatever a
//    host means by its cookies, and whatever is removed meanwhile, no name is missed or repeated.
// 2. Names that Linux has not ("", ".", "..", with a slash or a NUL, over 255 bytes) are left out.
#include "fs/host/list.h"
#include "fs/host/hostfs.h"
#include "host/host.h"
#include "mm/slab.h"
#include "vfs/dentry.h"
#include "vfs/directory.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

// Entries asked of the host at once: at first, and in a large folder, which a host may read anew
// for each answer.
#define BATCH 256
#define LARGE_BATCH 4096

struct listed {
    uint64_t ino;
    uint32_t mode, name_len;
    size_t name; // its place in `names`
};

struct host_listing {
    struct listed *entries; // owned
    size_t count, room;
    char *names; // owned
    size_t names_size, names_room;
};

static void clear(struct host_listing *listing) {
    kfree(listing->entries);
    kfree(listing->names);
    *listing = (struct host_listing){0};
}

static int is_name(const struct host_dirent *entry) {
    size_t len = entry->name_len;
    if (len == 0 || len > NAME_MAX)
        return 0;
    if (entry->name[0] == '.' && (len == 1 || (len == 2 && entry->name[1] == '.')))
        return 0;
    for (size_t i = 0; i < len; i++)
        if (entry->name[i] == '/' || entry->name[i] == 0)
            return 0;
    return 1;
}

// Room for `wanted` more items of `size` bytes; the block may move.
static int reserve(void **block, size_t used, size_t *room, size_t wanted, size_t size) {
    size_t larger = *room ? *room : 64, bytes;
    while (larger - used < wanted)
        larger *= 2;
    if (larger == *room)
        return 0;
    if (__builtin_mul_overflow(larger, size, &bytes))
        return -ENOMEM;
    void *moved = krealloc(*block, bytes);
    if (!moved)
        return -ENOMEM;
    *block = moved;
    *room = larger;
    return 0;
}

static int add(struct host_listing *listing, const struct host_dirent *entry) {
    void *entries = listing->entries, *names = listing->names;
    int error = reserve(&entries, listing->count, &listing->room, 1, sizeof *listing->entries);
    listing->entries = entries;
    if (!error)
        error = reserve(&names, listing->names_size, &listing->names_room, entry->name_len, 1);
    listing->names = names;
    if (error)
        return error;
    memcpy(listing->names + listing->names_size, entry->name, entry->name_len);
    listing->entries[listing->count++] = (struct listed){
        .ino = entry->ino ? entry->ino : 1, // 0 would mean a removed entry
        .mode = hostfs_mode(entry->kind),
        .name_len = entry->name_len,
        .name = listing->names_size,
    };
    listing->names_size += entry->name_len;
    return 0;
}

static int add_all(struct host_listing *listing, const struct host_dirent *batch, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int error = is_name(&batch[i]) ? add(listing, &batch[i]) : 0;
        if (error)
            return error;
    }
    return 0;
}

// From a cookie on; it is behind the batch then. How many, 0 at the end.
static int read_batch(int hfd, uint64_t *cookie, size_t size, struct host_listing *listing) {
    struct host_dirent *batch = kmalloc(size * sizeof *batch);
    int count = batch ? host_readdir(hfd, *cookie, batch, size) : -ENOMEM;
    int error = count > 0 && (size_t)count <= size ? add_all(listing, batch, (size_t)count)
                : count > 0                        ? -EIO
                                                   : count;
    if (!error && count > 0 && batch[count - 1].next == *cookie)
        error = -EIO; // the host goes round in circles
    if (!error && count > 0)
        *cookie = batch[count - 1].next;
    kfree(batch);
    return error ? error : count;
}

static int read_batches(int hfd, struct host_listing *listing) {
    uint64_t cookie = 0;
    int count = read_batch(hfd, &cookie, BATCH, listing);
    while (count > 0)
        count = read_batch(hfd, &cookie, count < BATCH ? BATCH : LARGE_BATCH, listing);
    return count;
}

static int read_all(struct inode *folder, struct host_listing *listing) {
    struct host_path path;
    clear(listing);
    int error = hostfs_path(folder, NULL, 0, &path);
    if (error)
        return error;
    int hfd = host_open(path.root, path.text, path.len, 0, HOST_OPEN_DIRECTORY, HOST_ACCESS_READ);
    hostfs_path_end(&path);
    if (hfd < 0)
        return hostfs_forget(folder, hfd);
    error = read_batches(hfd, listing);
    host_close(hfd);
    if (error)
        clear(listing);
    return error;
}

int hostfs_list(struct dentry *dir, int64_t pos, fill_entry fill, void *context) {
    struct host_listing *listing = ((struct host_node *)dir->inode->data)->listing;
    if (!listing)
        return -EINVAL;
    int64_t first = pos - 2; // 1 and 2 are behind "." and ".."
    int error = first <= 0 ? read_all(dir->inode, listing) : 0;
    if (error)
        return error;
    for (int64_t i = first; i < (int64_t)listing->count; i++) {
        const struct listed *entry = &listing->entries[i];
        if (fill(context, listing->names + entry->name, entry->name_len, entry->ino, entry->mode,
                 i + 3))
            return i == first ? -EINVAL : 0; // -EINVAL: not even one fits
    }
    return 0;
}

static int getdents(struct file *file, void *buffer, size_t size) {
    struct host_node *node = file->inode->data;
    node->listing = file->private_data;
    int result = directory_ops.getdents(file, buffer, size);
    node->listing = NULL;
    return result;
}

static int64_t seek(struct file *file, int64_t offset, int whence) {
    return directory_ops.seek(file, offset, whence);
}

static int sync(struct file *file, int data_only) {
    return directory_ops.sync(file, data_only);
}

static void release(struct file *file) {
    struct host_listing *listing = file->private_data;
    if (listing)
        clear(listing);
    kfree(listing);
}

static const struct file_ops folder_ops = {
    .seek = seek,
    .getdents = getdents,
    .sync = sync,
    .release = release,
};

int hostfs_open_folder(struct inode *inode, struct file *file) {
    (void)inode;
    file->private_data = kzalloc(sizeof(struct host_listing));
    if (!file->private_data)
        return -ENOMEM;
    file->ops = &folder_ops;
    return 0;
}
