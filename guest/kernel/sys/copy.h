// Moving bytes between descriptors inside the kernel: sendfile, splice, tee, copy_file_range.
#ifndef KERNEL_SYS_COPY_H
#define KERNEL_SYS_COPY_H

#include <stddef.h>
#include <stdint.h>

long sys_sendfile64(int out, int in, int64_t *offset, size_t size);
long sys_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                unsigned flags);
long sys_tee(int in, int out, size_t size, unsigned flags);
long sys_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                         unsigned flags);

#endif
