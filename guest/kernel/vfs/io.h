// Reading and writing with the waiting that read(2) does.
#ifndef KERNEL_VFS_IO_H
#define KERNEL_VFS_IO_H

#include "vfs/file.h"

#include <boxer/linux_poll.h>

enum { READING, WRITING };

static inline unsigned io_event(int direction) {
    return direction == READING ? LINUX_POLLIN : LINUX_POLLOUT;
}

// The file is open for it and has the operation. -EAGAIN is waited for when may_wait is set and the
// file is not O_NONBLOCK.
long io_move(struct file *, int direction, void *buffer, size_t size, int64_t *pos, int may_wait);

static inline long io_read(struct file *file, void *buffer, size_t size, int64_t *pos,
                           int may_wait) {
    return io_move(file, READING, buffer, size, pos, may_wait);
}

static inline long io_write(struct file *file, const void *buffer, size_t size, int64_t *pos,
                            int may_wait) {
    return io_move(file, WRITING, (void *)buffer, size, pos, may_wait);
}

#endif
