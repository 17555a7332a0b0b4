// Pipes and FIFOs.
#ifndef KERNEL_IPC_PIPE_H
#define KERNEL_IPC_PIPE_H

#include <stddef.h>
#include <stdint.h>

struct dentry;
struct file;
struct file_ops;

#define PIPE_CAPACITY 65536u // Linux's default, 16 pages
#define PIPE_MOST 1048576u   // /proc/sys/fs/pipe-max-size

// A new pipe's end to read from and end to write to; flags: O_NONBLOCK. 0 or -ENOMEM.
int pipe_make(uint32_t flags, struct file *ends[2]);

// What a file system gives an inode of type S_IFIFO: its file_ops, and its inode_ops' open. -ENXIO:
// O_WRONLY|O_NONBLOCK without a reader. A blocking open that needs another opener is a wait
// (task/wait.h): nobody else can open it.
extern const struct file_ops pipe_ops;
int pipe_open_fifo(struct dentry *, struct file *);

// F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF: not a pipe; -EBUSY: holds more; -EPERM: over PIPE_MOST.
long pipe_capacity(struct file *);
long pipe_resize(struct file *, size_t capacity);
// Copies what is there without taking it (tee(2)); -EBADF, or -EAGAIN when it is empty.
long pipe_peek(struct file *, void *buffer, size_t size);

#endif
