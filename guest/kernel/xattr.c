// Extended attributes: xattr(7), kept as tmpfs keeps them.
//
// Invariants
// 1. user.* needs a regular file or folder and its permissions; trusted.* needs privilege;
//    security.* is readable by all, written by the privileged; others are EOPNOTSUPP.
// 2. An inode's attributes never take more than TOTAL_MAX bytes together.
#include "memory.h"
#include "path.h"
#include "process.h"
#include "syscalls_fs.h"

#include <boxer/linux_errno.h>
#include <string.h>

#define NAME_LIMIT 255u
#define VALUE_LIMIT 65536u
#define TOTAL_MAX (256u * 1024)
#define XATTR_CREATE 1
#define XATTR_REPLACE 2

struct xattr {
    struct xattr *next;
    size_t name_len, size;
    char data[]; // the name with its NUL, then the value
};

void xattr_free(struct inode *inode) {
    while (inode->xattrs) {
        struct xattr *next = inode->xattrs->next;
        kfree(inode->xattrs);
        inode->xattrs = next;
    }
}

static int starts(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)];
}

static int allowed(const struct inode *inode, const char *name, int writing) {
    if (!inode->fs->pinned)
        return -EOPNOTSUPP;
    if (starts(name, "trusted."))
        return process.fsuid == 0 ? 0 : writing ? -EPERM : -ENODATA;
    if (starts(name, "security."))
        return writing && process.fsuid ? -EPERM : 0;
    if (!starts(name, "user."))
        return -EOPNOTSUPP;
    if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
        return writing ? -EPERM : -ENODATA;
    return inode_permission(inode, writing ? MAY_WRITE : MAY_READ);
}

static int check_name(const char *name) {
    size_t len = 0;
    if (!user_range(name, 1))
        return -EFAULT;
    while (len <= NAME_LIMIT && name[len])
        len++;
    return len == 0 || len > NAME_LIMIT ? -ERANGE : 0;
}

static struct xattr **find(struct inode *inode, const char *name) {
    struct xattr **at = &inode->xattrs;
    while (*at && strcmp((*at)->data, name))
        at = &(*at)->next;
    return at;
}

static size_t total(const struct inode *inode) {
    size_t sum = 0;
    for (const struct xattr *xattr = inode->xattrs; xattr; xattr = xattr->next)
        sum += xattr->name_len + 1 + xattr->size;
    return sum;
}

static long set(struct inode *inode, const char *name, const void *value, size_t size, int flags) {
    if (size > VALUE_LIMIT)
        return -E2BIG;
    if (size && !user_range(value, size))
        return -EFAULT;
    if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    int error = allowed(inode, name, 1);
    if (error)
        return error;
    struct xattr **at = find(inode, name), *old = *at;
    if (old && (flags & XATTR_CREATE))
        return -EEXIST;
    if (!old && (flags & XATTR_REPLACE))
        return -ENODATA;
    size_t len = strlen(name);
    if (total(inode) + len + 1 + size > TOTAL_MAX)
        return -ENOSPC;
    struct xattr *made = kmalloc(sizeof *made + len + 1 + size);
    if (!made)
        return -ENOSPC;
    made->name_len = len;
    made->size = size;
    memcpy(made->data, name, len + 1);
    if (size)
        memcpy(made->data + len + 1, value, size);
    made->next = old ? old->next : NULL;
    *at = made;
    kfree(old);
    inode->ctime = stamp_now();
    return 0;
}

static long get(struct inode *inode, const char *name, void *value, size_t size) {
    int error = allowed(inode, name, 0);
    if (error)
        return error;
    const struct xattr *xattr = *find(inode, name);
    if (!xattr)
        return -ENODATA;
    if (size == 0)
        return (long)xattr->size;
    if (xattr->size > size)
        return -ERANGE;
    if (!user_range(value, size))
        return -EFAULT;
    memcpy(value, xattr->data + xattr->name_len + 1, xattr->size);
    return (long)xattr->size;
}

static long list(struct inode *inode, char *names, size_t size) {
    size_t used = 0;
    if (!inode->fs->pinned)
        return -EOPNOTSUPP;
    for (const struct xattr *xattr = inode->xattrs; xattr; xattr = xattr->next) {
        if (starts(xattr->data, "trusted.") && process.fsuid)
            continue;
        if (size && xattr->name_len + 1 > size - used)
            return -ERANGE;
        if (size && !user_range(names + used, xattr->name_len + 1))
            return -EFAULT;
        if (size)
            memcpy(names + used, xattr->data, xattr->name_len + 1);
        used += xattr->name_len + 1;
    }
    return (long)used;
}

static long remove_one(struct inode *inode, const char *name) {
    int error = allowed(inode, name, 1);
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

// One of the four operations on whatever the caller named.
struct request {
    enum { SET, GET, LIST, REMOVE } what;
    const char *name;
    void *value;
    size_t size;
    int flags;
};

static long serve(struct inode *inode, const struct request *request) {
    int error = request->what == LIST ? 0 : check_name(request->name);
    if (error)
        return error;
    switch (request->what) {
    case SET:
        return set(inode, request->name, request->value, request->size, request->flags);
    case GET:
        return get(inode, request->name, request->value, request->size);
    case LIST:
        return list(inode, request->value, request->size);
    default:
        return remove_one(inode, request->name);
    }
}

static long by_path(const char *path, int follow, struct request request) {
    struct dentry *entry;
    int error = path_lookup(AT_FDCWD, path, follow ? PATH_FOLLOW : 0, &entry);
    if (error)
        return error;
    long result = serve(entry->inode, &request);
    dentry_put(entry);
    return result;
}

static long by_fd(int fd, struct request request) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    return file->inode ? serve(file->inode, &request) : -EOPNOTSUPP;
}

long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    return by_path(path, 1, (struct request){SET, name, (void *)value, size, flags});
}

long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    return by_path(path, 0, (struct request){SET, name, (void *)value, size, flags});
}

long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags) {
    return by_fd(fd, (struct request){SET, name, (void *)value, size, flags});
}

long sys_getxattr(const char *path, const char *name, void *value, size_t size) {
    return by_path(path, 1, (struct request){GET, name, value, size, 0});
}

long sys_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return by_path(path, 0, (struct request){GET, name, value, size, 0});
}

long sys_fgetxattr(int fd, const char *name, void *value, size_t size) {
    return by_fd(fd, (struct request){GET, name, value, size, 0});
}

long sys_listxattr(const char *path, char *names, size_t size) {
    return by_path(path, 1, (struct request){LIST, NULL, names, size, 0});
}

long sys_llistxattr(const char *path, char *names, size_t size) {
    return by_path(path, 0, (struct request){LIST, NULL, names, size, 0});
}

long sys_flistxattr(int fd, char *names, size_t size) {
    return by_fd(fd, (struct request){LIST, NULL, names, size, 0});
}

long sys_removexattr(const char *path, const char *name) {
    return by_path(path, 1, (struct request){REMOVE, name, NULL, 0, 0});
}

long sys_lremovexattr(const char *path, const char *name) {
    return by_path(path, 0, (struct request){REMOVE, name, NULL, 0, 0});
}

long sys_fremovexattr(int fd, const char *name) {
    return by_fd(fd, (struct request){REMOVE, name, NULL, 0, 0});
}
