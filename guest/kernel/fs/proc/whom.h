// Whose folder of /proc it is.
#ifndef KERNEL_FS_PROC_WHOM_H
#define KERNEL_FS_PROC_WHOM_H

#include "vfs/inode.h"

struct task;

// The number of the process or thread whose an inode is, in the upper half of its number. 0: the
// machine's.
static inline uint32_t whom_of(const struct inode *inode) {
    return (uint32_t)(inode->ino >> 32);
}

// What is said of the current task until whom_leave is said of this one. Null: it is gone.
struct task *whom_enter(uint32_t whom);
void whom_leave(struct task *);

// A name that is a number without zeros before it; -1.
int whom_parse(const char *name, size_t len);
// /proc/PID/task: /proc/PID of each thread.
extern const struct inode_ops proc_threads_ops;
// Of /proc itself: the folders of processes. fill answers whether there is no more room.
int whom_list(struct inode *dir, int64_t from, int64_t base, fill_entry fill, void *context);

#endif
