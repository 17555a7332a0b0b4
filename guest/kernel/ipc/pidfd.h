// pidfd_open(2): a process as a file.
#ifndef KERNEL_IPC_PIDFD_H
#define KERNEL_IPC_PIDFD_H

struct process;

// flags as descriptor_for has them. A descriptor, or -errno.
long pidfd_new(const struct process *, int flags);
// The process that a descriptor stands for, zombies too. Null with *error: -EBADF it is no such
// descriptor, -ESRCH the process is gone.
struct process *pidfd_process(int fd, int *error);

#endif
