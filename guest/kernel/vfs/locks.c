// Advisory locks between open file descriptions.
//
// Invariants
// 1. A lock's owner is a description (flock, OFD locks) or a process (POSIX locks). An owner never
//    conflicts with itself; flock and fcntl locks do not see each other.
// 2. Ranges of one owner never overlap, lie one behind the other in the order of their starts, and
//    touching ones of one type are one: a new range replaces, splits, shortens or widens the old
//    ones.
// 3. A lock that waits is tried again whenever one of its inode is given back. Processes that wait
//    for each other: -EDEADLK to the last; so does a wait with nobody there who could end it.
#include "vfs/locks.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"
#include "task/wait.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

struct lock {
    struct lock *next;
    const void *owner;  // a struct file, or a struct process
    uint32_t pid;       // of the process; 0: a description's
    int whole;          // flock
    int type;           // F_RDLCK or F_WRLCK
    int64_t start, end; // end: the last byte, INT64_MAX to the end of the file
};

static int conflicts(const struct lock *lock, const void *owner, int whole, int type, int64_t start,
                     int64_t end) {
    return lock->whole == whole && lock->owner != owner &&
           (lock->type == F_WRLCK || type == F_WRLCK) && lock->start <= end && start <= lock->end;
}

static struct lock *find_conflict(struct inode *inode, const void *owner, int whole, int type,
                                  int64_t start, int64_t end) {
    for (struct lock *lock = inode->locks; lock; lock = lock->next)
        if (conflicts(lock, owner, whole, type, start, end))
            return lock;
    return NULL;
}

static int owned(const struct lock *lock, const void *owner, int whole) {
    return lock->whole == whole && lock->owner == owner;
}

static void place(struct inode *inode, struct lock *lock) {
    struct lock **at = &inode->locks;
    while (*at && !owned(*at, lock->owner, lock->whole))
        at = &(*at)->next;
    while (*at && owned(*at, lock->owner, lock->whole) && (*at)->start < lock->start)
        at = &(*at)->next;
    lock->next = *at;
    *at = lock;
}

static int add(struct inode *inode, struct lock value) {
    struct lock *lock = kmalloc(sizeof *lock);
    if (!lock)
        return -ENOLCK;
    *lock = value;
    place(inode, lock);
    return 0;
}

// Takes [start, end] out of the owner's locks; a lock that covers both sides is split.
static int remove_range(struct inode *inode, const void *owner, int whole, int64_t start,
                        int64_t end) {
    for (struct lock **at = &inode->locks; *at;) {
        struct lock *lock = *at;
        if (!owned(lock, owner, whole) || lock->end < start || lock->start > end) {
            at = &lock->next;
            continue;
        }
        wake_all(&inode->locks);
        if (lock->start < start && lock->end > end) {
            struct lock tail = *lock;
            tail.start = end + 1;
            int error = add(inode, tail);
            if (error)
                return error;
            lock->end = start - 1;
            return 0;
        }
        if (lock->start < start) {
            lock->end = start - 1;
            at = &lock->next;
        } else if (lock->end > end) {
            lock->start = end + 1;
            at = &lock->next;
        } else {
            *at = lock->next;
            kfree(lock);
        }
    }
    return 0;
}

// Over the owner's locks of the same type that touch the range.
static void widen(struct inode *inode, struct lock *range) {
    for (struct lock *lock = inode->locks; lock; lock = lock->next) {
        if (!owned(lock, range->owner, range->whole) || lock->type != range->type ||
            lock->start - 1 > range->end || range->start - 1 > lock->end)
            continue;
        range->start = lock->start < range->start ? lock->start : range->start;
        range->end = lock->end > range->end ? lock->end : range->end;
    }
}

// The new lock is allocated before the old ones give way.
static long apply(struct inode *inode, struct lock range) {
    struct lock *lock = range.type == F_UNLCK ? NULL : kmalloc(sizeof *lock);
    if (range.type != F_UNLCK && !lock)
        return -ENOLCK;
    widen(inode, &range);
    int error = remove_range(inode, range.owner, range.whole, range.start, range.end);
    if (error || !lock) {
        kfree(lock);
        return error;
    }
    *lock = range;
    place(inode, lock);
    return 0;
}

static int waits_for_us(const struct lock *conflict) {
    const struct process *process = conflict->pid ? conflict->owner : NULL;
    while (process && process != current->process)
        process = process->waits_for;
    return process != NULL;
}

static long wait_for_lock(struct inode *inode, const struct lock *range,
                          const struct lock *conflict) {
    if (!schedule_has_others() || (range->pid && waits_for_us(conflict)))
        return -EDEADLK;
    if (range->pid)
        current->process->waits_for = conflict->pid ? conflict->owner : NULL;
    int result = wait_for(&inode->locks, INT64_MAX);
    current->process->waits_for = NULL;
    return result < 0 ? result : 0;
}

static long take(struct file *file, struct lock range, int wait) {
    struct inode *inode = file->inode;
    const struct lock *conflict;
    long result = 0;
    file_get(file);
    while (!result && range.type != F_UNLCK &&
           (conflict =
                find_conflict(inode, range.owner, range.whole, range.type, range.start, range.end)))
        result = wait ? wait_for_lock(inode, &range, conflict) : -EAGAIN;
    if (!result)
        result = apply(inode, range);
    file_put(file);
    return result;
}

long lock_flock(struct file *file, int operation) {
    int type = (operation & LOCK_EX) ? F_WRLCK : (operation & LOCK_SH) ? F_RDLCK : F_UNLCK;
    if (!file->inode)
        return 0; // pipes and sockets can be locked too, and nobody else has the description
    return take(file, (struct lock){NULL, file, 0, 1, type, 0, INT64_MAX}, !(operation & LOCK_NB));
}

static int range_of(struct file *file, const struct linux_flock64 *request, int64_t *start,
                    int64_t *end) {
    int64_t base = 0;
    if (request->whence == SEEK_CUR)
        base = file->pos;
    else if (request->whence == SEEK_END)
        base = file->inode ? file->inode->size : 0;
    else if (request->whence != SEEK_SET)
        return -EINVAL;
    if (__builtin_add_overflow(base, request->start, start))
        return -EOVERFLOW;
    if (*start < 0)
        return -EINVAL;
    int64_t length = request->length;
    if (length < 0) {
        *end = *start - 1;
        *start += length;
    } else if (length == 0) {
        *end = INT64_MAX;
    } else if (__builtin_add_overflow(*start, length - 1, end)) {
        return -EOVERFLOW;
    }
    return *start < 0 ? -EINVAL : 0;
}

// F_UNLCK asks for the owner's own locks: F_OFD_GETLK of Linux 6.6 and later.
static struct lock *find_asked(struct inode *inode, const void *owner, int type, int64_t start,
                               int64_t end) {
    if (type != F_UNLCK)
        return find_conflict(inode, owner, 0, type, start, end);
    for (struct lock *lock = inode->locks; lock; lock = lock->next)
        if (owned(lock, owner, 0) && lock->start <= end && start <= lock->end)
            return lock;
    return NULL;
}

static void tell(struct file *file, const void *owner, struct linux_flock64 *request, int64_t start,
                 int64_t end) {
    struct lock *lock =
        file->inode ? find_asked(file->inode, owner, request->type, start, end) : NULL;
    if (!lock) {
        request->type = F_UNLCK;
        return;
    }
    *request = (struct linux_flock64){
        .type = (int16_t)lock->type,
        .start = lock->start,
        .length = lock->end == INT64_MAX ? 0 : lock->end - lock->start + 1,
        .pid = lock->pid ? (int32_t)lock->pid : -1,
    };
}

long lock_range(struct file *file, int command, struct linux_flock64 *request) {
    int ofd = command >= F_OFD_GETLK;
    const void *owner = ofd ? (const void *)file : current->process;
    int64_t start, end;
    if (request->type != F_RDLCK && request->type != F_WRLCK &&
        (request->type != F_UNLCK || command == F_GETLK64))
        return -EINVAL;
    if (ofd && request->pid)
        return -EINVAL;
    int error = range_of(file, request, &start, &end);
    if (error)
        return error;
    if (command == F_GETLK64 || command == F_OFD_GETLK) {
        tell(file, owner, request, start, end);
        return 0;
    }
    uint32_t access = file->flags & O_ACCMODE;
    if ((request->type == F_RDLCK && access == O_WRONLY) ||
        (request->type == F_WRLCK && access == O_RDONLY))
        return -EBADF;
    if (!file->inode)
        return 0; // a pipe: as with flock
    int wait = command == F_SETLKW64 || command == F_OFD_SETLKW;
    uint32_t pid = ofd ? 0 : current->process->pid;
    return take(file, (struct lock){NULL, owner, pid, 0, request->type, start, end}, wait);
}

void locks_closed(struct file *file, const struct process *process) {
    if (file->inode && file->inode->locks)
        remove_range(file->inode, process, 0, 0, INT64_MAX);
}

void locks_release(struct file *file) {
    if (!file->inode || !file->inode->locks)
        return;
    remove_range(file->inode, file, 0, 0, INT64_MAX);
    remove_range(file->inode, file, 1, 0, INT64_MAX);
}
