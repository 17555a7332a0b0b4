// Open file descriptions: open(2).
//
// Invariants
// 1. A `struct file` lives while refs > 0; ops->release is called once, when refs falls to 0.
// 2. Every kind of file has one constant `struct file_ops`; a null operation means the errno named
//    beside it. Operations return a value >= 0 or -errno.
// 3. An operation never blocks by itself: with nothing to do it returns -EAGAIN, and the system
//    call layer (wait_file.h) waits for poll() bits unless O_NONBLOCK is set.
#ifndef KERNEL_VFS_FILE_H
#define KERNEL_VFS_FILE_H

#include <stddef.h>
#include <stdint.h>

struct file;
struct inode;
struct kstat;

struct file_ops {
    long (*read)(struct file *, void *, size_t, int64_t *pos);         // null: -EINVAL
    long (*write)(struct file *, const void *, size_t, int64_t *pos);  // null: -EINVAL
    int64_t (*seek)(struct file *, int64_t offset, int whence);        // null: -ESPIPE
    int (*getdents)(struct file *, void *buffer, size_t size);         // null: -ENOTDIR
    int (*ioctl)(struct file *, unsigned request, uintptr_t argument); // null: -ENOTTY
    unsigned (*poll)(struct file *);              // null: always readable, writable
    int (*truncate)(struct file *, int64_t size); // null: -EINVAL
    // fallocate(2), with a mode that Linux knows. Null: -EOPNOTSUPP.
    int (*fallocate)(struct file *, int mode, int64_t offset, int64_t length);
    int (*sync)(struct file *, int data_only);  // null: 0 for memory files
    int (*stat)(struct file *, struct kstat *); // null: from the inode
    // st_mode of a file without inode, where stat is null. Null: 0600, as Linux's anonymous inodes.
    uint32_t (*mode)(struct file *);
    // Counts what happened to it (data came, room came, the peer left): edges for epoll. Null:
    // none.
    uint32_t (*activity)(struct file *);
    // When on the monotonic clock it becomes readable by itself (timers). Null: never.
    int64_t (*wakes_at)(struct file *);
    // When on the monotonic clock a read or write gives up waiting. Null: never.
    int64_t (*patience)(struct file *, int writing);
    // The host descriptor whose readiness decides poll(), or -1. Null: -1.
    int (*host_descriptor)(struct file *);
    // Whether it waits for connections from beyond the machine. Null: no.
    int (*has_door)(struct file *);
    // Of a file that stands for others (epoll): visits each that may make it ready, with the events
    // it is watched for. Null: it stands for itself.
    void (*each_watched)(struct file *, void (*visit)(struct file *, unsigned events, void *),
                         void *context);
    void (*release)(struct file *); // null: nothing to do
};

struct file {
    const struct file_ops *ops;
    uint32_t refs;
    uint32_t watchers;             // epoll items on it
    void (*forget)(struct file *); // with watchers > 0: called first when refs falls to 0
    uint32_t flags;                // O_ACCMODE and status flags of open(2)
    uint32_t opener;               // credentials.changes of who opened it, at that time
    int64_t pos;
    struct inode *inode; // referenced; null for anonymous files (pipe, eventfd, socket ..)
    void *entry;         // the dentry it was opened through, for fchdir, /proc/self/fd; may be null
    void *private_data;  // owned by ops
};

// The inode number of a file without an inode: of what it is an end of, so both ends of a pipe have
// one, and a socket the one of its record.
static inline uintptr_t file_number(const struct file *file) {
    return (uintptr_t)(file->private_data ? file->private_data : (const void *)file);
}

struct file *file_new(const struct file_ops *ops, uint32_t flags); // refs 1; null: no memory
void file_get(struct file *);
void file_put(struct file *);
// Its inode is what its file system says of it now, also where it has no name any more.
int file_refresh(struct file *);

#endif
