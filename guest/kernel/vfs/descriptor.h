// What every call that makes a descriptor without a name does at its end. SOCK_, EFD_, TFD_, SFD_
// and EPOLL_ flags are O_NONBLOCK and O_CLOEXEC by other names.
#ifndef KERNEL_VFS_DESCRIPTOR_H
#define KERNEL_VFS_DESCRIPTOR_H

#include "vfs/fd.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

// A descriptor for a new file with private data; the caller frees the data when it fails.
static inline long descriptor_for(const struct file_ops *ops, void *data, int flags) {
    struct file *file = file_new(ops, O_RDWR | ((uint32_t)flags & O_NONBLOCK));
    if (!file)
        return -ENOMEM;
    int fd = fd_install(file, 0, ((uint32_t)flags & O_CLOEXEC) != 0);
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
