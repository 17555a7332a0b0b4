// Inodes: life, owner, permissions, attributes.
#include "vfs/inode.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/clock.h"
#include "vfs/mount.h"
#include "vfs/xattr.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

KERNEL_STATE struct fs_usage fs_usage = {.pages_max = 1u << 18,
                                         .inodes_max = 1u << 20}; // 1 GiB of content

static KERNEL_STATE uint64_t next_ino = 1;

struct stamp stamp_now(void) {
    int64_t now = clock_realtime();
    int64_t sec = now / 1000000000;
    if (now < 0 && now % 1000000000)
        sec--;
    return (struct stamp){.sec = sec, .nsec = (uint32_t)(now - sec * 1000000000)};
}

struct inode *inode_new(struct filesystem *fs, uint32_t mode) {
    if (fs_usage.inodes >= fs_usage.inodes_max)
        return NULL;
    struct inode *inode = kzalloc(sizeof *inode);
    if (!inode)
        return NULL;
    fs_usage.inodes++;
    inode->fs = fs;
    inode->ino = next_ino++;
    inode->mode = mode;
    inode->uid = current_cred()->fsuid;
    inode->gid = current_cred()->fsgid;
    inode->nlink = S_ISDIR(mode) ? 2 : 1;
    inode->refs = 1;
    inode->atime = inode->mtime = inode->ctime = inode->btime = stamp_now();
    return inode;
}

void inode_get(struct inode *inode) {
    inode->refs++;
}

void inode_put(struct inode *inode) {
    if (!inode || --inode->refs)
        return;
    if (inode->ops && inode->ops->evict)
        inode->ops->evict(inode);
    xattr_free(inode);
    fs_usage.inodes--;
    kfree(inode);
}

void inode_stat(struct inode *inode, struct kstat *stat) {
    *stat = (struct kstat){
        .dev = inode->fs ? inode->fs->dev : 0,
        .ino = inode->ino,
        .size = (uint64_t)inode->size,
        .blocks = inode->blocks,
        .mode = inode->mode,
        .nlink = inode->nlink,
        .uid = inode->uid,
        .gid = inode->gid,
        .rdev = inode->rdev,
        .blksize = PAGE_SIZE,
        .atime = inode->atime,
        .mtime = inode->mtime,
        .ctime = inode->ctime,
        .btime = inode->btime,
    };
}

void inode_touch_atime(struct inode *inode) {
    if (inode->fs->read_only || inode->atime.sec > inode->mtime.sec)
        return;
    inode->atime = stamp_now();
}

static int privileged(void) {
    return current_cred()->fsuid == 0;
}

int inode_permission(const struct inode *inode, uint32_t may) {
    if ((may & MAY_WRITE) && inode->fs && inode->fs->read_only && !S_ISTYPE(inode->mode, S_IFCHR))
        return -EROFS;
    uint32_t bits = inode->mode;
    if (current_cred()->fsuid == inode->uid)
        bits >>= 6;
    else if (process_in_group(inode->gid))
        bits >>= 3;
    if ((bits & may) == may)
        return 0;
    // Root passes, but executes a file only if somebody may.
    if (privileged() && (!(may & MAY_EXEC) || S_ISDIR(inode->mode) || (inode->mode & 0111)))
        return 0;
    return -EACCES;
}

int inode_may_own(const struct inode *inode) {
    return privileged() || current_cred()->fsuid == inode->uid ? 0 : -EPERM;
}

void inode_inherit(struct inode *inode, const struct inode *dir) {
    uint32_t mask = S_ISLNK(inode->mode) ? 0 : current->process->directories.umask;
    inode->mode &= ~mask;
    if (dir->mode & S_ISGID) {
        inode->gid = dir->gid;
        if (S_ISDIR(inode->mode))
            inode->mode |= S_ISGID;
        else if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010) && !privileged() &&
                 !process_in_group(dir->gid))
            inode->mode &= ~S_ISGID;
    }
}

uint32_t inode_privileges(const struct inode *inode) {
    uint32_t lost = inode->mode & S_ISUID;
    if ((inode->mode & 010) || (!privileged() && !process_in_group(inode->gid)))
        lost |= inode->mode & S_ISGID;
    return lost;
}

void inode_drop_privileges(struct inode *inode) {
    if (!privileged())
        inode->mode &= ~inode_privileges(inode);
}

void inode_changed(struct inode *inode) {
    inode->mtime = inode->ctime = stamp_now();
    inode_drop_privileges(inode);
}

int inode_check_limit(const struct inode *inode, int64_t size) {
    if (size <= inode->size || rlimit(LINUX_RLIMIT_FSIZE) == LINUX_RLIM_INFINITY ||
        (uint64_t)size <= rlimit(LINUX_RLIMIT_FSIZE))
        return 0;
    signal_raise(LINUX_SIGXFSZ);
    return -EFBIG;
}
