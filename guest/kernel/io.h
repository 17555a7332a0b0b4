// Reading and writing from inside the kernel, with the waiting that read(2) does.
#ifndef KERNEL_IO_H
#define KERNEL_IO_H

#include "file.h"

// The file is open for it and has the operation. -EAGAIN is waited for when may_wait is set and the
// file is not O_NONBLOCK.
long io_read(struct file *, void *buffer, size_t size, int64_t *pos, int may_wait);
long io_write(struct file *, const void *buffer, size_t size, int64_t *pos, int may_wait);

#endif
