// Extended attributes (xattr(7)) of files in memory.
//
// Invariants
// 1. An inode's attributes are one list in order of creation; a name is in it at most once.
// 2. Names and values of one inode together never exceed XATTR_TOTAL, so neither does a listing.
// 3. A change allocates first: it happens whole or not at all.
#include "vfs/xattr.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/task.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

#define XATTR_TOTAL 65536u

struct xattr {
    struct xattr *next;
    size_t name_size, value_size; // name_size with its NUL
    char bytes[];                 // the name, then the value
};

enum { READS = 0, CHANGES = 1 };

void xattr_free(struct inode *inode) {
    while (inode->xattrs) {
        struct xattr *next = inode->xattrs->next;
        kfree(inode->xattrs);
        inode->xattrs = next;
    }
}

static struct xattr **find(struct inode *inode, const char *name) {
    struct xattr **at = &inode->xattrs;
    while (*at && strcmp((*at)->bytes, name) != 0)
        at = &(*at)->next;
    return at;
}

static size_t total_size(const struct inode *inode) {
    size_t total = 0;
    for (const struct xattr *at = inode->xattrs; at; at = at->next)
        total += at->name_size + at->value_size;
    return total;
}

static int has_prefix(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

// xattr(7): the permission is asked before the name is known to be supported.
static int may_use_name(const struct inode *inode, const char *name, int changes) {
    if (has_prefix(name, "security."))
        return current_cred()->fsuid && changes ? -EPERM : 0;
    if (has_prefix(name, "trusted."))
        return current_cred()->fsuid == 0 ? 0 : changes ? -EPERM : -ENODATA;
    int users = has_prefix(name, "user.");
    if (users && !S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
        return changes ? -EPERM : -ENODATA;
    if (users && changes && S_ISDIR(inode->mode) && (inode->mode & S_ISVTX) && inode_may_own(inode))
        return -EPERM;
    return inode_permission(inode, changes ? MAY_WRITE : MAY_READ);
}

static int may_use(const struct inode *inode, const char *name, int changes) {
    static const char *const prefixes[] = {"user.", "trusted.", "security."};
    const char *prefix = NULL;
    for (size_t i = 0; i < 3; i++)
        if (has_prefix(name, prefixes[i]))
            prefix = prefixes[i];
    if (!inode || !inode->fs || !inode->fs->pinned)
        return -EOPNOTSUPP;
    if (changes && inode->fs->read_only)
        return -EROFS;
    int error = may_use_name(inode, name, changes);
    if (error)
        return error;
    return !prefix ? -EOPNOTSUPP : !name[strlen(prefix)] ? -EINVAL : 0;
}

long xattr_set(struct inode *inode, const char *name, const void *value, size_t size, int flags) {
    size_t name_size = strlen(name) + 1;
    int error = may_use(inode, name, CHANGES);
    if (error)
        return error;
    struct xattr **at = find(inode, name), *old = *at;
    if (old ? flags & XATTR_CREATE : flags & XATTR_REPLACE)
        return old ? -EEXIST : -ENODATA;
    size_t others = total_size(inode) - (old ? old->name_size + old->value_size : 0);
    if (others + name_size + size > XATTR_TOTAL)
        return -ENOSPC;
    struct xattr *made = kmalloc(sizeof *made + name_size + size);
    if (!made)
        return -ENOMEM;
    *made = (struct xattr){old ? old->next : NULL, name_size, size};
    memcpy(made->bytes, name, name_size);
    if (size)
        memcpy(made->bytes + name_size, value, size);
    *at = made;
    kfree(old);
    inode->ctime = stamp_now();
    return 0;
}

long xattr_get(struct inode *inode, const char *name, void *value, size_t size) {
    int error = may_use(inode, name, READS);
    if (error)
        return error;
    const struct xattr *found = *find(inode, name);
    if (!found)
        return -ENODATA;
    if (size == 0)
        return (long)found->value_size;
    if (found->value_size > size)
        return -ERANGE;
    if (found->value_size && !user_range(value, found->value_size))
        return -EFAULT;
    if (found->value_size)
        memcpy(value, found->bytes + found->name_size, found->value_size);
    return (long)found->value_size;
}

long xattr_list(struct inode *inode, char *names, size_t size) {
    size_t done = 0;
    if (!inode || !inode->fs || !inode->fs->pinned)
        return -EOPNOTSUPP;
    if (size && !user_range(names, size < XATTR_LIST_MAX ? size : XATTR_LIST_MAX))
        return -EFAULT;
    for (const struct xattr *at = inode->xattrs; at; at = at->next) {
        if (current_cred()->fsuid && has_prefix(at->bytes, "trusted."))
            continue;
        if (size && at->name_size > size - done)
            return -ERANGE;
        if (size)
            memcpy(names + done, at->bytes, at->name_size);
        done += at->name_size;
    }
    return (long)done;
}

long xattr_remove(struct inode *inode, const char *name) {
    int error = may_use(inode, name, CHANGES);
    if (error)
        return error;
    struct xattr **at = find(inode, name), *old = *at;
    if (!old)
        return -ENODATA;
    *at = old->next;
    kfree(old);
    inode->ctime = stamp_now();
    return 0;
}
