// Advisory locks: flock(2), fcntl(2) POSIX and open file description locks.
#ifndef KERNEL_VFS_LOCKS_H
#define KERNEL_VFS_LOCKS_H

#include "vfs/inode.h"

struct process;

long lock_flock(struct file *, int operation);
// command F_GETLK64 .. F_OFD_SETLKW.
long lock_range(struct file *, int command, struct linux_flock64 *);
// A descriptor of it was closed by the process, whose POSIX locks of its inode go.
void locks_closed(struct file *, const struct process *);
void locks_release(struct file *); // the description ends: its own locks go

#endif
