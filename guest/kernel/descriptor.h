// What every call that makes a descriptor without a name does at its end.
#ifndef KERNEL_DESCRIPTOR_H
#define KERNEL_DESCRIPTOR_H

#include "file.h"

#include <boxer/linux_errno.h>

#define FLAG_NONBLOCK 04000u // O_NONBLOCK, SOCK_NONBLOCK, EFD_NONBLOCK, TFD_NONBLOCK, SFD_NONBLOCK
#define FLAG_CLOEXEC 02000000u // O_CLOEXEC and its namesakes
#define FLAG_READ_WRITE 2u     // O_RDWR

// A descriptor for a new file with private data; the caller frees the data when it fails.
static inline long descriptor_for(const struct file_ops *ops, void *data, int flags) {
    struct file *file = file_new(ops, FLAG_READ_WRITE | ((uint32_t)flags & FLAG_NONBLOCK));
    if (!file)
        return -ENOMEM;
    int fd = fd_install(file, 0, ((uint32_t)flags & FLAG_CLOEXEC) != 0);
    if (fd < 0)
        file_put(file); // without data yet: ops->release takes null
    else
        file->private_data = data;
    return fd;
}

// The private data of a descriptor of this kind; null with *error -EBADF or `other`.
static inline void *descriptor_data(int fd, const struct file_ops *ops, int other, int *error) {
    struct file *file = fd_file(fd);
    *error = !file ? -EBADF : file->ops != ops ? other : 0;
    return *error ? NULL : file->private_data;
}

#endif
