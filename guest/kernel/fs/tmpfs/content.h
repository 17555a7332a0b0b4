// The content of tmpfs files, a page at a time.
#ifndef KERNEL_FS_TMPFS_CONTENT_H
#define KERNEL_FS_TMPFS_CONTENT_H

#include "vfs/inode.h"

struct content {
    uint8_t **pages;    // null: a hole
    size_t count;       // slots in `pages`
    uint8_t *unwritten; // a byte a slot: allocated ahead by fallocate(2), a hole to SEEK_DATA
    size_t unwritten_count;
    const uint8_t *lower; // content of a lower layer, until the first write; else null
    uint32_t stored, lower_size;
    struct block *block; // that `lower` is in, inflated; then `lower` only says that there is one
    uint32_t block_offset;
    uint8_t *inflated; // lower inflated, whole pages; null: not yet, or stored plain
    struct content *next_inflated;
};

// Reads at pos; the number of bytes, or -errno.
long content_read(struct inode *, void *buffer, size_t size, int64_t pos);
long content_write(struct inode *, const void *buffer, size_t size, int64_t pos);
int content_resize(struct inode *, int64_t size);
int content_punch(struct inode *, int64_t pos, int64_t length);   // makes a hole
int content_reserve(struct inode *, int64_t pos, int64_t length); // allocates holes away
int64_t content_seek(struct inode *, int64_t pos, int whence);    // SEEK_DATA, SEEK_HOLE
void content_free(struct inode *);
void tmpfs_drop_clean(void); // forgets what was inflated and not written to
uint8_t **content_page(struct inode *, size_t index, int allocate); // struct inode_ops

#endif
