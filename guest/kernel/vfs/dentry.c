// Dentries: names in folders, one hash table for all of them.
//
// Invariants: dentry.h. The table doubles when it holds more names than buckets; it never shrinks,
// so that a freed name costs no move.
#include "vfs/dentry.h"
#include "mm/slab.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define FIRST_BUCKETS 1024u
#define ENTRY_SIZE 20 // what an entry adds to its folder's size (fs/tmpfs)

static KERNEL_STATE struct dentry **buckets;
static KERNEL_STATE uint32_t bucket_count, linked_count;

static uint32_t hash_name(const struct dentry *dir, const char *name, size_t len) {
    uint32_t hash = 2166136261u ^ (uint32_t)((uintptr_t)dir >> 3); // FNV-1a
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static int grow_table(void) {
    uint32_t count = bucket_count ? bucket_count * 2 : FIRST_BUCKETS;
    struct dentry **table = kzalloc(count * sizeof(struct dentry *));
    if (!table)
        return bucket_count ? 0 : -ENOMEM; // a full table is slow, not wrong
    for (uint32_t i = 0; i < bucket_count; i++)
        for (struct dentry *entry = buckets[i], *next; entry; entry = next) {
            next = entry->hash_next;
            entry->hash_next = table[entry->hash & (count - 1)];
            table[entry->hash & (count - 1)] = entry;
        }
    kfree(buckets);
    buckets = table;
    bucket_count = count;
    return 0;
}

static char *copy_name(const char *name, size_t len) {
    char *copy = kmalloc(len + 1);
    if (copy) {
        memcpy(copy, name, len);
        copy[len] = 0;
    }
    return copy;
}

struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len,
                          struct inode *inode) {
    if (linked_count >= bucket_count && grow_table() < 0)
        return NULL;
    struct dentry *entry = kzalloc(sizeof *entry);
    if (!entry || !(entry->name = copy_name(name, len))) {
        kfree(entry);
        return NULL;
    }
    entry->name_len = (uint32_t)len;
    entry->refs = 1;
    entry->inode = inode;
    inode_get(inode);
    entry->parent = parent ? parent : entry;
    entry->next_cookie = 3; // 1 and 2 are behind "." and ".."
    if (parent)
        dentry_get(parent);
    return entry;
}

void dentry_get(struct dentry *entry) {
    entry->refs++;
}

void dentry_put(struct dentry *entry) {
    while (entry && --entry->refs == 0) {
        struct dentry *parent = entry->parent == entry ? NULL : entry->parent;
        if (entry->linked)
            dentry_unlink(entry);
        inode_put(entry->inode);
        kfree(entry->name);
        kfree(entry);
        entry = parent;
    }
}

struct dentry *dentry_child(struct dentry *dir, const char *name, size_t len) {
    if (!bucket_count)
        return NULL;
    uint32_t hash = hash_name(dir, name, len);
    struct dentry *entry = buckets[hash & (bucket_count - 1)];
    for (; entry; entry = entry->hash_next)
        if (entry->hash == hash && entry->parent == dir && entry->name_len == len &&
            memcmp(entry->name, name, len) == 0)
            return entry;
    return NULL;
}

void dentry_link(struct dentry *entry) {
    struct dentry *dir = entry->parent;
    entry->hash = hash_name(dir, entry->name, entry->name_len);
    struct dentry **bucket = &buckets[entry->hash & (bucket_count - 1)];
    entry->hash_next = *bucket;
    *bucket = entry;
    entry->cookie = dir->next_cookie++;
    entry->next = NULL;
    entry->prev = dir->last;
    if (dir->last)
        dir->last->next = entry;
    else
        dir->first = entry;
    dir->last = entry;
    dir->children++;
    if (dir->inode->fs->pinned)
        dir->inode->size += ENTRY_SIZE;
    entry->linked = 1;
    linked_count++;
}

void dentry_unlink(struct dentry *entry) {
    struct dentry *dir = entry->parent;
    struct dentry **at = &buckets[entry->hash & (bucket_count - 1)];
    while (*at != entry)
        at = &(*at)->hash_next;
    *at = entry->hash_next;
    if (entry->prev)
        entry->prev->next = entry->next;
    else
        dir->first = entry->next;
    if (entry->next)
        entry->next->prev = entry->prev;
    else
        dir->last = entry->prev;
    dir->children--;
    if (dir->listed == entry)
        dir->listed = entry->prev;
    entry->prev = entry->next = NULL;
    if (dir->inode->fs->pinned)
        dir->inode->size -= ENTRY_SIZE;
    entry->linked = 0;
    linked_count--;
}

int dentry_move(struct dentry *entry, struct dentry *dir, const char *name, size_t len) {
    struct dentry *old_parent = entry->parent;
    char *copy = copy_name(name, len);
    if (!copy)
        return -ENOMEM;
    dentry_unlink(entry);
    kfree(entry->name);
    entry->name = copy;
    entry->name_len = (uint32_t)len;
    dentry_get(dir);
    entry->parent = dir;
    dentry_link(entry);
    dentry_put(old_parent);
    return 0;
}

void dentry_exchange(struct dentry *a, struct dentry *b) {
    struct dentry *parent = a->parent;
    char *name = a->name;
    uint32_t len = a->name_len;
    dentry_unlink(a);
    dentry_unlink(b);
    a->parent = b->parent;
    a->name = b->name;
    a->name_len = b->name_len;
    b->parent = parent;
    b->name = name;
    b->name_len = len;
    dentry_link(a);
    dentry_link(b);
}

int dentry_below(const struct dentry *entry, const struct dentry *ancestor) {
    for (;; entry = entry->parent) {
        if (entry == ancestor)
            return 1;
        if (entry->parent == entry) {
            if (!entry->inode->fs->covers)
                return 0;
            entry = entry->inode->fs->covers;
            if (entry == ancestor)
                return 1;
        }
    }
}

static int prepend(char *buffer, size_t *at, const char *text, size_t len) {
    if (*at < len)
        return 0;
    *at -= len;
    memcpy(buffer + *at, text, len);
    return 1;
}

long dentry_path(struct dentry *entry, char *buffer, size_t size, int mark_deleted) {
    static const char deleted[] = " (deleted)";
    size_t at = size;
    const struct dentry *root = path_root(); // chroot(2): nothing above it is shown
    int is_root = entry == root || (entry->parent == entry && !entry->inode->fs->covers);
    if (!prepend(buffer, &at, "", 1))
        return -ERANGE;
    if (!is_root && entry->parent != entry && !entry->linked && mark_deleted &&
        !prepend(buffer, &at, deleted, sizeof deleted - 1))
        return -ERANGE;
    if (is_root && !prepend(buffer, &at, "/", 1))
        return -ERANGE;
    while (entry != root) {
        if (entry->parent == entry) {
            if (!entry->inode->fs->covers)
                break;
            entry = entry->inode->fs->covers;
            continue;
        }
        if (!prepend(buffer, &at, entry->name, entry->name_len) || !prepend(buffer, &at, "/", 1))
            return -ERANGE;
        entry = entry->parent;
    }
    memmove(buffer, buffer + at, size - at);
    return (long)(size - at - 1);
}
