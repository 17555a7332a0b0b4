// What a lower layer stored compressed.
#ifndef KERNEL_FS_TMPFS_INFLATE_H
#define KERNEL_FS_TMPFS_INFLATE_H

#include <stddef.h>
#include <stdint.h>

// Inflates a zlib stream, or one of LZMA's, to exactly `size` bytes; 0, -EIO or -ENOMEM.
int lower_inflate(void *into, size_t size, const uint8_t *data, size_t stored);

#endif
