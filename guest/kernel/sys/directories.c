// Folders listed, and the working directory: getdents64(2), getcwd(2), chdir(2), chroot(2).
#include "sys/directories.h"
#include "mm/memory.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <string.h>

long sys_getdents64(int fd, void *buffer, size_t size) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if (!file->ops->getdents)
        return -ENOTDIR;
    if (!user_range(buffer, size))
        return -EFAULT;
    return file->ops->getdents(file, buffer, size);
}

long sys_getcwd(char *buffer, size_t size) {
    struct dentry *cwd = path_cwd();
    char path[PATH_MAX];
    if (cwd->parent != cwd && !cwd->linked)
        return -ENOENT;
    long len = dentry_path(cwd, path, sizeof path, 0);
    if (len < 0 || (size_t)len + 1 > size)
        return -ERANGE;
    if (!user_range(buffer, (size_t)len + 1))
        return -EFAULT;
    memcpy(buffer, path, (size_t)len + 1);
    return len + 1;
}

static int enter(struct dentry *dir) {
    if (!S_ISDIR(dir->inode->mode))
        return -ENOTDIR;
    int error = inode_permission(dir->inode, MAY_EXEC);
    if (!error)
        path_set_cwd(dir);
    return error;
}

long sys_chdir(const char *path) {
    struct dentry *dir;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW | PATH_DIRECTORY, &dir);
    if (error)
        return error;
    error = enter(dir);
    dentry_put(dir);
    return error;
}

long sys_fchdir(int fd) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    return file->entry ? enter(file->entry) : -ENOTDIR;
}

long sys_chroot(const char *path) {
    struct dentry *dir;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW | PATH_DIRECTORY, &dir);
    if (error)
        return error;
    if (current_cred()->fsuid)
        error = -EPERM;
    else
        path_set_root(dir);
    dentry_put(dir);
    return error;
}
