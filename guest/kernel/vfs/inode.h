// Inodes: what tmpfs, devices, proc and host folders plug into.
//
// Invariant: the callers (path.c, the system calls) have checked permissions, types and existence
// before an inode operation runs; the operation does what its file system must, or fails and
// changes nothing. Names and dentries are changed by the caller.
#ifndef KERNEL_VFS_INODE_H
#define KERNEL_VFS_INODE_H

#include "vfs/file.h"

#include <boxer/linux_file.h>

#include <stddef.h>
#include <stdint.h>

struct dentry;
struct filesystem;
struct inode;

struct stamp {
    int64_t sec;
    uint32_t nsec;
};

struct kstat {
    uint64_t dev, ino, size, blocks;
    uint32_t mode, nlink, uid, gid, rdev, blksize;
    struct stamp atime, mtime, ctime, btime;
};

enum { SET_MODE = 1, SET_OWNER = 2, SET_ATIME = 4, SET_MTIME = 8 };
struct attributes {
    int set; // SET_*
    uint32_t mode, uid, gid;
    struct stamp atime, mtime;
};

// Called for each entry of a folder; non-zero ends the listing. cookie: position after this entry.
typedef int (*fill_entry)(void *context, const char *name, size_t len, uint64_t ino, uint32_t mode,
                          int64_t cookie);

struct inode_ops {
    // Folders. Null lookup: every name that exists has a dentry. Null others: -EPERM.
    int (*lookup)(struct dentry *dir, const char *name, size_t len, struct inode **found);
    int (*create)(struct dentry *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
                  struct inode **made); // files, folders (mode S_IFDIR), FIFOs, devices, sockets
    // A file that has no name yet (O_TMPFILE, memfd_create(2)). Null: -EOPNOTSUPP.
    int (*tmpfile)(struct filesystem *, uint32_t mode, struct inode **made);
    int (*symlink)(struct dentry *dir, const char *name, size_t len, const char *target,
                   size_t target_len, struct inode **made);
    int (*link)(struct dentry *old, struct dentry *dir, const char *name, size_t len);
    int (*unlink)(struct dentry *victim); // of a folder: it is empty as far as dentries tell
    // replaced: the dentry that gives way, or null. Null: -EXDEV. RENAME_EXCHANGE asks nobody.
    int (*rename)(struct dentry *old, struct dentry *dir, const char *name, size_t len,
                  struct dentry *replaced);
    // Entries from position *pos on. Null: the folder's dentries are its entries.
    int (*list)(struct dentry *dir, int64_t pos, fill_entry fill, void *context);

    // All kinds.
    long (*readlink)(struct dentry *, char *buffer, size_t size); // null: -EINVAL
    // A link that leads to a dentry rather than a path (/proc/self/fd/N). Null: it does not.
    int (*follow)(struct dentry *, struct dentry **target);
    // Replaces the file that open made (proc's contents, devices, host files). Null: file_ops only.
    int (*open)(struct dentry *, struct file *);
    // /proc/self/fd/N, /dev/stdin: an open of it is an open of another description. Null: it is
    // not.
    int (*reopen)(struct dentry *, uint32_t flags, struct file **opened);
    int (*refresh)(struct inode *);                        // before attributes are read
    int (*set)(struct inode *, const struct attributes *); // null: kept in the inode
    int (*truncate)(struct inode *, int64_t size);         // null: -EINVAL
    // The file's own page with the bytes from index * PAGE_SIZE on: where it lies, or the slot that
    // another page can be put into instead. Null: no memory, or no such page and `allocate` is 0.
    // Without the operation a file has no pages, and a mapping of it is a copy.
    uint8_t **(*page)(struct inode *, size_t index, int allocate);
    void (*evict)(struct inode *); // the last reference went
};

struct lock;
struct xattr;

struct inode {
    const struct inode_ops *ops;
    const struct file_ops *file_ops;
    struct filesystem *fs;
    uint64_t ino;
    uint32_t mode, uid, gid, nlink, refs, rdev;
    int64_t size;
    uint64_t blocks; // of 512 bytes
    struct stamp atime, mtime, ctime, btime;
    struct lock *locks;
    struct xattr *xattrs;
    void *data;        // owned by the file system
    uint32_t seals;    // memfd_create(2)
    uint32_t linkable; // O_TMPFILE: a name may be given to it though it has none
    uint32_t writers;  // descriptions open for writing
    uint32_t mapped;   // shared mappings of it (mapping.h)
    uint64_t host_dev; // of a host folder's file: with `ino` it is known among its links
};

struct inode *inode_new(struct filesystem *, uint32_t mode); // refs 1, nlink 1, owner: the process
void inode_get(struct inode *);
void inode_put(struct inode *);
struct stamp stamp_now(void);
void inode_touch_atime(struct inode *); // as relatime: when it is older than the last change
void inode_stat(struct inode *, struct kstat *);
int inode_permission(const struct inode *, uint32_t may); // MAY_*: 0 or -EACCES
int inode_may_own(const struct inode *);                  // 0 or -EPERM: owner or privileged
// What a new inode in `dir` gets of its mode and group (umask, setgid folders).
void inode_inherit(struct inode *, const struct inode *dir);
// Set-user-ID and set-group-ID as far as a new owner or new content takes them away (chown(2)).
uint32_t inode_privileges(const struct inode *);
void inode_drop_privileges(struct inode *); // its content changes: unless root changes it
void inode_changed(struct inode *);         // the same, and the times
// 0, or -EFBIG and a signal: a file of this size would be larger than RLIMIT_FSIZE (setrlimit(2)).
int inode_check_limit(const struct inode *, int64_t size);

// What all file systems together may hold (a box's own limit, not the host's).
struct fs_usage {
    uint64_t pages, pages_max, inodes, inodes_max;
};
extern struct fs_usage fs_usage;

#endif
