// What a file is, who may use it: statx, chmod, chown, utimensat, access, statfs.
#include "sys/attributes.h"
#include "mm/memory.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/path.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_time.h>

#define ANONYMOUS_DEV 0xfu

static uint32_t major(uint32_t dev) {
    return dev >> 8 & 0xfff;
}

static uint32_t minor(uint32_t dev) {
    return (dev & 0xff) | (dev >> 12 & 0xfff00);
}

static struct linux_statx_stamp statx_stamp(struct stamp stamp) {
    return (struct linux_statx_stamp){.sec = stamp.sec, .nsec = stamp.nsec};
}

static int file_stat(struct file *file, struct kstat *stat) {
    if (file->ops->stat)
        return file->ops->stat(file, stat);
    if (file->inode) {
        int error = file->inode->ops->refresh ? file->inode->ops->refresh(file->inode) : 0;
        inode_stat(file->inode, stat);
        return error;
    }
    *stat = (struct kstat){
        .dev = ANONYMOUS_DEV,
        .ino = file_number(file),
        .mode = file->ops->mode ? file->ops->mode(file) : 0600,
        .nlink = 1,
        .uid = current_cred()->fsuid,
        .gid = current_cred()->fsgid,
        .blksize = PAGE_SIZE,
        .atime = stamp_now(),
    };
    stat->mtime = stat->ctime = stat->btime = stat->atime;
    return 0;
}

static int stat_of(int dirfd, const char *path, int flags, struct kstat *stat) {
    struct dentry *entry;
    struct file *file;
    int error = path_or_fd(dirfd, path, flags, &entry, &file);
    if (error)
        return error;
    if (file) {
        error = file_stat(file, stat);
    } else {
        error = entry->inode->ops->refresh ? entry->inode->ops->refresh(entry->inode) : 0;
        inode_stat(entry->inode, stat);
    }
    if (entry)
        dentry_put(entry);
    return error;
}

long sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct linux_statx *out) {
    struct kstat stat;
    int known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
    if ((flags & ~known) || (mask & 0x80000000u))
        return -EINVAL;
    int error = stat_of(dirfd, path, flags, &stat);
    if (error)
        return error;
    if (!user_range(out, sizeof *out))
        return -EFAULT;
    *out = (struct linux_statx){
        .mask = STATX_BASIC_STATS | STATX_BTIME,
        .blksize = stat.blksize,
        .nlink = stat.nlink,
        .uid = stat.uid,
        .gid = stat.gid,
        .mode = (uint16_t)stat.mode,
        .ino = stat.ino,
        .size = stat.size,
        .blocks = stat.blocks,
        .atime = statx_stamp(stat.atime),
        .btime = statx_stamp(stat.btime),
        .ctime = statx_stamp(stat.ctime),
        .mtime = statx_stamp(stat.mtime),
        .rdev_major = major(stat.rdev),
        .rdev_minor = minor(stat.rdev),
        .dev_minor = (uint32_t)stat.dev,
    };
    return 0;
}

static long fill_statfs(struct filesystem *fs, size_t size, struct linux_statfs64 *out) {
    if (size != sizeof *out)
        return -EINVAL;
    if (!user_range(out, sizeof *out))
        return -EFAULT;
    uint64_t free_pages = fs_usage.pages_max - fs_usage.pages;
    uint64_t free_inodes = fs_usage.inodes_max - fs_usage.inodes;
    *out = (struct linux_statfs64){
        .type = fs->magic,
        .bsize = PAGE_SIZE,
        .blocks = fs_usage.pages_max,
        .bfree = free_pages,
        .bavail = free_pages,
        .files = fs_usage.inodes_max,
        .ffree = free_inodes,
        .fsid = {(int32_t)fs->dev, 0},
        .namelen = NAME_MAX,
        .frsize = PAGE_SIZE,
        .flags = 0x20 | (fs->read_only ? 1 : 0), // ST_VALID, ST_RDONLY
    };
    return 0;
}

long sys_statfs64(const char *path, size_t size, struct linux_statfs64 *out) {
    struct dentry *entry;
    int error = path_lookup(AT_FDCWD, path, PATH_FOLLOW, &entry);
    if (error)
        return error;
    long result = fill_statfs(entry->inode->fs, size, out);
    dentry_put(entry);
    return result;
}

long sys_fstatfs64(int fd, size_t size, struct linux_statfs64 *out) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    struct filesystem *fs = file->inode && file->inode->fs ? file->inode->fs : filesystems;
    return fill_statfs(fs, size, out);
}

long sys_faccessat2(int dirfd, const char *path, int mode, int flags) {
    struct dentry *entry;
    struct file *file;
    if ((mode & ~7) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    struct credentials *own = &current->process->credentials;
    uint32_t uid = own->fsuid, gid = own->fsgid;
    if (!(flags & AT_EACCESS)) {
        own->fsuid = own->ruid;
        own->fsgid = own->rgid;
    }
    int error = path_or_fd(dirfd, path, flags & ~AT_EACCESS, &entry, &file);
    if (!error && entry) {
        error = mode ? inode_permission(entry->inode, (uint32_t)mode) : 0;
        dentry_put(entry);
    }
    own->fsuid = uid;
    own->fsgid = gid;
    return error;
}

static int set_attributes(struct inode *inode, const struct attributes *wanted) {
    if (inode->fs && inode->fs->read_only)
        return -EROFS;
    if (inode->ops->set) {
        int error = inode->ops->set(inode, wanted);
        if (error)
            return error;
    }
    if (wanted->set & SET_MODE)
        inode->mode = (inode->mode & S_IFMT) | (wanted->mode & 07777);
    if (wanted->set & SET_OWNER) {
        inode->uid = wanted->uid;
        inode->gid = wanted->gid;
    }
    if (wanted->set & SET_ATIME)
        inode->atime = wanted->atime;
    if (wanted->set & SET_MTIME)
        inode->mtime = wanted->mtime;
    inode->ctime = stamp_now();
    return 0;
}

static int change_mode(struct inode *inode, uint32_t mode) {
    int error = inode_may_own(inode);
    if (error)
        return error;
    if (S_ISLNK(inode->mode))
        return -EOPNOTSUPP;
    if ((mode & S_ISGID) && current_cred()->fsuid && !process_in_group(inode->gid))
        mode &= ~S_ISGID;
    return set_attributes(inode, &(struct attributes){.set = SET_MODE, .mode = mode});
}

// chown(2): root may do all; an owner may give the file to a group of their own.
static int change_owner(struct inode *inode, uint32_t uid, uint32_t gid) {
    uint32_t keep = UINT32_MAX;
    struct attributes wanted = {
        .set = SET_OWNER,
        .uid = uid == keep ? inode->uid : uid,
        .gid = gid == keep ? inode->gid : gid,
    };
    if (current_cred()->fsuid) {
        int mine = current_cred()->fsuid == inode->uid;
        if ((uid != keep && (!mine || uid != inode->uid)) ||
            (gid != keep && (!mine || (gid != inode->gid && !process_in_group(gid)))))
            return -EPERM;
    }
    uint32_t lost = S_ISDIR(inode->mode) ? 0 : inode_privileges(inode);
    if (lost && inode_may_own(inode))
        return -EPERM;
    if (lost) {
        wanted.set |= SET_MODE;
        wanted.mode = inode->mode & ~lost;
    }
    return set_attributes(inode, &wanted);
}

struct change {
    uint32_t mode, uid, gid;
};

static long change(int dirfd, const char *path, int flags, const struct change *change, int owner) {
    struct dentry *entry;
    struct file *file;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int error = path_or_fd(dirfd, path, flags, &entry, &file);
    if (error)
        return error;
    struct inode *inode = entry ? entry->inode : file->inode;
    if (file && (file->flags & O_PATH) && !(flags & AT_EMPTY_PATH))
        error = -EBADF;
    else if (inode)
        error = owner ? change_owner(inode, change->uid, change->gid)
                      : change_mode(inode, change->mode);
    if (entry)
        dentry_put(entry);
    return error;
}

long sys_fchmod(int fd, uint32_t mode) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    return change(fd, "", AT_EMPTY_PATH, &(struct change){.mode = mode}, 0);
}

long sys_fchmodat2(int dirfd, const char *path, uint32_t mode, int flags) {
    return change(dirfd, path, flags, &(struct change){.mode = mode}, 0);
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    return change(fd, "", AT_EMPTY_PATH, &(struct change){.uid = uid, .gid = gid}, 1);
}

long sys_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags) {
    return change(dirfd, path, flags, &(struct change){.uid = uid, .gid = gid}, 1);
}

static int read_times(const struct linux_timespec *times, struct attributes *wanted) {
    struct stamp now = stamp_now();
    wanted->atime = wanted->mtime = now;
    wanted->set = SET_ATIME | SET_MTIME;
    if (!times)
        return 0;
    if (!user_range(times, 2 * sizeof *times))
        return -EFAULT;
    for (int i = 0; i < 2; i++) {
        int bit = i ? SET_MTIME : SET_ATIME;
        long nsec = (long)times[i].nsec;
        if (nsec == UTIME_OMIT)
            wanted->set &= ~bit;
        else if (nsec != UTIME_NOW)
            *(i ? &wanted->mtime : &wanted->atime) = (struct stamp){times[i].sec, (uint32_t)nsec};
    }
    return 0;
}

static int valid_times(const struct linux_timespec *times) {
    for (int i = 0; times && i < 2; i++) {
        long nsec = (long)times[i].nsec;
        if (nsec != UTIME_OMIT && nsec != UTIME_NOW && (nsec < 0 || nsec > 999999999))
            return 0;
    }
    return 1;
}

static int explicit_times(const struct linux_timespec *times) {
    return times && !(times[0].nsec == UTIME_NOW && times[1].nsec == UTIME_NOW);
}

long sys_utimensat(int dirfd, const char *path, const struct linux_timespec *times, int flags) {
    struct dentry *entry;
    struct file *file;
    struct attributes wanted = {0};
    int error = read_times(times, &wanted);
    if (error || !wanted.set)
        return error;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    error = path ? path_or_fd(dirfd, path, flags, &entry, &file)
                 : path_or_fd(dirfd, "", AT_EMPTY_PATH, &entry, &file);
    if (error)
        return error;
    struct inode *inode = entry ? entry->inode : file->inode;
    if (!valid_times(times))
        error = -EINVAL;
    else if (inode && inode_may_own(inode))
        error = explicit_times(times) ? -EPERM : inode_permission(inode, MAY_WRITE);
    if (inode && !error)
        error = set_attributes(inode, &wanted);
    if (entry)
        dentry_put(entry);
    return error;
}

long sys_umask(uint32_t mask) {
    uint32_t old = current->process->directories.umask;
    current->process->directories.umask = mask & 0777;
    return (long)old;
}
