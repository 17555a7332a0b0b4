// setxattr(2) and its family.
#include "sys/xattr.h"
#include "mm/memory.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/path.h"
#include "vfs/xattr.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

// What a call says of itself is looked at before the file is looked for.
static int check_name(const char *name) {
    size_t len = 0;
    if (!user_range(name, 1))
        return -EFAULT;
    while (len <= XATTR_NAME_MAX && name[len])
        len++;
    return len == 0 || len > XATTR_NAME_MAX ? -ERANGE : 0;
}

static int check_value(const char *name, const void *value, size_t size, int flags) {
    if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    int error = check_name(name);
    if (error)
        return error;
    if (size > XATTR_SIZE_MAX)
        return -E2BIG;
    return size && !user_range(value, size) ? -EFAULT : 0;
}

// The inode that a path or a descriptor means stays as long as the name or descriptor does: no
// reference is needed for the length of one call.
static long at_path(const char *path, int flags, struct dentry **entry) {
    return path_lookup(AT_FDCWD, path, flags, entry);
}

static long at_descriptor(int fd, struct inode **inode) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    *inode = file->inode;
    return 0;
}

#define ON_PATH(check, path, flags, call)                                                          \
    do {                                                                                           \
        struct dentry *entry;                                                                      \
        long result = check;                                                                       \
        if (!result)                                                                               \
            result = at_path(path, flags, &entry);                                                 \
        if (result)                                                                                \
            return result;                                                                         \
        struct inode *inode = entry->inode;                                                        \
        result = call;                                                                             \
        dentry_put(entry);                                                                         \
        return result;                                                                             \
    } while (0)

#define ON_DESCRIPTOR(check, fd, call)                                                             \
    do {                                                                                           \
        struct inode *inode;                                                                       \
        long result = check;                                                                       \
        if (!result)                                                                               \
            result = at_descriptor(fd, &inode);                                                    \
        return result ? result : call;                                                             \
    } while (0)

long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    ON_PATH(check_value(name, value, size, flags), path, PATH_FOLLOW,
            xattr_set(inode, name, value, size, flags));
}

long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    ON_PATH(check_value(name, value, size, flags), path, 0,
            xattr_set(inode, name, value, size, flags));
}

long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags) {
    ON_DESCRIPTOR(check_value(name, value, size, flags), fd,
                  xattr_set(inode, name, value, size, flags));
}

long sys_getxattr(const char *path, const char *name, void *value, size_t size) {
    ON_PATH(check_name(name), path, PATH_FOLLOW, xattr_get(inode, name, value, size));
}

long sys_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    ON_PATH(check_name(name), path, 0, xattr_get(inode, name, value, size));
}

long sys_fgetxattr(int fd, const char *name, void *value, size_t size) {
    ON_DESCRIPTOR(check_name(name), fd, xattr_get(inode, name, value, size));
}

long sys_listxattr(const char *path, char *names, size_t size) {
    ON_PATH(0, path, PATH_FOLLOW, xattr_list(inode, names, size));
}

long sys_llistxattr(const char *path, char *names, size_t size) {
    ON_PATH(0, path, 0, xattr_list(inode, names, size));
}

long sys_flistxattr(int fd, char *names, size_t size) {
    ON_DESCRIPTOR(0, fd, xattr_list(inode, names, size));
}

long sys_removexattr(const char *path, const char *name) {
    ON_PATH(check_name(name), path, PATH_FOLLOW, xattr_remove(inode, name));
}

long sys_lremovexattr(const char *path, const char *name) {
    ON_PATH(check_name(name), path, 0, xattr_remove(inode, name));
}

long sys_fremovexattr(int fd, const char *name) {
    ON_DESCRIPTOR(check_name(name), fd, xattr_remove(inode, name));
}
