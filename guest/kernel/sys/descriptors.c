// Descriptors as things to copy, close and set: dup, close, fcntl, ioctl, flock.
#include "sys/descriptors.h"
#include "ipc/pipe.h"
#include "mm/memory.h"
#include "task/task.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/locks.h"
#include "vfs/mapping_copy.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_process.h>

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u
#define FIONREAD 0x541bu
#define FIONBIO 0x5421u
#define FIOCLEX 0x5451u
#define FIONCLEX 0x5450u

long sys_close(int fd) {
    return fd_close(fd);
}

long sys_close_range(unsigned first, unsigned last, unsigned flags) {
    if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
        return -EINVAL;
    if (first > INT32_MAX)
        return 0;
    for (int fd = fd_next((int)first); fd >= 0 && (unsigned)fd <= last; fd = fd_next(fd + 1)) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            fd_set_cloexec(fd, 1);
        else
            fd_close(fd);
    }
    return 0;
}

static long duplicate(struct file *file, int lowest, int close_on_exec) {
    if (lowest < 0 || (uint64_t)lowest >= rlimit(LINUX_RLIMIT_NOFILE))
        return -EINVAL;
    file_get(file);
    int fd = fd_install(file, lowest, close_on_exec);
    if (fd < 0)
        file_put(file);
    return fd;
}

long sys_dup(int fd) {
    struct file *file = fd_file(fd);
    return file ? duplicate(file, 0, 0) : -EBADF;
}

long sys_dup3(int old, int fd, int flags) {
    struct file *file = fd_file(old);
    if (old == fd || (flags & ~(int)O_CLOEXEC))
        return -EINVAL;
    if (!file)
        return -EBADF;
    file_get(file);
    int result = fd_replace(file, fd, (flags & O_CLOEXEC) != 0);
    if (result < 0)
        file_put(file);
    return result;
}

static long set_status(struct file *file, uint32_t flags) {
    uint32_t settable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
    if ((flags & O_NOATIME) && file->inode && inode_may_own(file->inode))
        return -EPERM;
    file->flags = (file->flags & ~settable) | (flags & settable);
    return 0;
}

#define F_SEAL_SEAL 1u
#define F_SEAL_WRITE 8u
#define F_SEALS_ALL 0x1fu

static long add_seals(struct file *file, uint32_t seals) {
    struct inode *inode = file->inode;
    if (!inode || !S_ISREG(inode->mode) || (seals & ~F_SEALS_ALL))
        return -EINVAL;
    if ((file->flags & O_ACCMODE) == O_RDONLY || (inode->seals & F_SEAL_SEAL))
        return -EPERM;
    inode->seals |= seals;
    return 0;
}

// A lock says that others may have written, or may read now.
static long locked(struct file *file, long result) {
    if (result == 0 && file->inode && mappings)
        mapping_refresh(file->inode);
    return result;
}

static long lock_command(struct file *file, int command, uintptr_t argument) {
    struct linux_flock64 *request = (void *)argument;
    if (!user_range(request, sizeof *request))
        return -EFAULT;
    return locked(file, lock_range(file, command, request));
}

long sys_fcntl(int fd, int command, uintptr_t argument) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    int path_only = (file->flags & O_PATH) != 0;
    switch (command) {
    case F_DUPFD:
        return duplicate(file, (int)argument, 0);
    case F_DUPFD_CLOEXEC:
        return duplicate(file, (int)argument, 1);
    case F_GETFD:
        return fd_cloexec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
        fd_set_cloexec(fd, (argument & FD_CLOEXEC) != 0);
        return 0;
    case F_GETFL:
        return (long)file->flags;
    default:
        break;
    }
    if (path_only)
        return -EBADF;
    switch (command) {
    case F_SETFL:
        return set_status(file, (uint32_t)argument);
    case F_GETLK64:
    case F_SETLK64:
    case F_SETLKW64:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return lock_command(file, command, argument);
    case F_GETPIPE_SZ:
        return pipe_capacity(file);
    case F_SETPIPE_SZ:
        return pipe_resize(file, (size_t)argument);
    case F_ADD_SEALS:
        return add_seals(file, (uint32_t)argument);
    case F_GET_SEALS:
        return file->inode && S_ISREG(file->inode->mode) ? (long)file->inode->seals : -EINVAL;
    case F_GETOWN:
    case F_GETSIG:
    case F_SETOWN: // nobody sends SIGIO: what is set has no effect
    case F_SETSIG:
        return 0;
    default:
        return -EINVAL;
    }
}

static long readable_bytes(struct file *file, int *out) {
    if (!file->inode || !S_ISREG(file->inode->mode))
        return file->ops->ioctl ? file->ops->ioctl(file, FIONREAD, (uintptr_t)out) : -ENOTTY;
    int64_t left = file->inode->size - file->pos;
    *out = left > INT32_MAX ? INT32_MAX : (int)left; // negative behind the end, as on Linux
    return 0;
}

long sys_ioctl(int fd, unsigned request, uintptr_t argument) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    int *value = (int *)argument;
    switch (request) {
    case FIOCLEX:
    case FIONCLEX:
        fd_set_cloexec(fd, request == FIOCLEX);
        return 0;
    case FIONBIO:
        if (!user_range(value, sizeof *value))
            return -EFAULT;
        file->flags = *value ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    case FIONREAD:
        return user_range(value, sizeof *value) ? readable_bytes(file, value) : -EFAULT;
    default:
        return file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
    }
}

long sys_flock(int fd, int operation) {
    struct file *file = fd_file(fd);
    int wanted = operation & ~LOCK_NB;
    if (wanted != LOCK_SH && wanted != LOCK_EX && wanted != LOCK_UN)
        return -EINVAL;
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    return locked(file, lock_flock(file, operation));
}

// inotify is left out: with one task a watcher would only see its own changes.
long sys_inotify_init1(int flags) {
    (void)flags;
    return -ENOSYS;
}

long sys_inotify_add_watch(int fd, const char *path, uint32_t mask) {
    (void)fd, (void)path, (void)mask;
    return -ENOSYS;
}

long sys_inotify_rm_watch(int fd, int watch) {
    (void)fd, (void)watch;
    return -ENOSYS;
}
