// Moving bytes between descriptors: sendfile, copy_file_range, splice, tee.
//
// All go through one buffer of fixed size. What was moved before an error counts, and a source's
// position never runs ahead of what its target took.
#include "memory.h"
#include "pipe.h"
#include "syscalls_fs.h"

#include <boxer/linux_errno.h>

#define CHUNK 65536u

static int usable(struct file *file, int writing) {
    uint32_t access = file ? file->flags & O_ACCMODE : 0;
    return file && !(file->flags & O_PATH) && access != (writing ? O_RDONLY : O_WRONLY);
}

static long read_part(int fd, void *buffer, size_t size, int64_t *offset) {
    return offset ? sys_pread64(fd, buffer, size, *offset) : sys_read(fd, buffer, size);
}

static long write_part(int fd, const void *buffer, size_t size, int64_t *offset) {
    return offset ? sys_pwrite64(fd, buffer, size, *offset) : sys_write(fd, buffer, size);
}

// Gives back to the source what the target did not take; false where it cannot go back.
static void give_back(int fd, int64_t *offset, long size) {
    int64_t unused;
    if (!offset)
        sys_lseek64(fd, -size, &unused, SEEK_CUR);
}

static long pump(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size) {
    size_t moved = 0;
    void *buffer = kmalloc(CHUNK);
    if (!buffer)
        return -ENOMEM;
    long result = 0;
    while (moved < size) {
        size_t part = size - moved < CHUNK ? size - moved : CHUNK;
        long got = result = read_part(in, buffer, part, in_offset);
        if (got <= 0)
            break;
        result = write_part(out, buffer, (size_t)got, out_offset);
        if (result < got)
            give_back(in, in_offset, got - (result > 0 ? result : 0));
        if (result <= 0)
            break;
        moved += (size_t)result;
        if (in_offset)
            *in_offset += result;
        if (out_offset)
            *out_offset += result;
        if (result < got)
            break;
    }
    kfree(buffer);
    return moved ? (long)moved : result;
}

static int bad_offset(const int64_t *offset) {
    return offset && !user_range(offset, sizeof *offset) ? -EFAULT
           : offset && *offset < 0                       ? -EINVAL
                                                         : 0;
}

long sys_sendfile64(int out, int in, int64_t *offset, size_t size) {
    struct file *from = fd_file(in), *to = fd_file(out);
    if (!usable(from, 0) || !usable(to, 1))
        return -EBADF;
    int error = bad_offset(offset);
    if (error)
        return error;
    if (!from->ops->seek || from->ops->getdents || (to->flags & O_APPEND))
        return -EINVAL;
    return pump(in, offset, out, NULL, size < RW_MAX ? size : RW_MAX);
}

long sys_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                         unsigned flags) {
    struct file *from = fd_file(in), *to = fd_file(out);
    if (!usable(from, 0) || !usable(to, 1) || (to->flags & O_APPEND))
        return -EBADF;
    if (flags)
        return -EINVAL;
    int error = bad_offset(in_offset);
    if (!error)
        error = bad_offset(out_offset);
    if (error)
        return error;
    if (!from->inode || !to->inode)
        return -EINVAL;
    if (S_ISDIR(from->inode->mode) || S_ISDIR(to->inode->mode))
        return -EISDIR;
    if (!S_ISREG(from->inode->mode) || !S_ISREG(to->inode->mode))
        return -EINVAL;
    if (from->inode == to->inode) {
        int64_t a = in_offset ? *in_offset : from->pos, b = out_offset ? *out_offset : to->pos;
        if (a < b + (int64_t)size && b < a + (int64_t)size)
            return -EINVAL;
    }
    return pump(in, in_offset, out, out_offset, size < RW_MAX ? size : RW_MAX);
}

long sys_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size,
                unsigned flags) {
    struct file *from = fd_file(in), *to = fd_file(out);
    if (flags & ~0xfu)
        return -EINVAL;
    if (!usable(from, 0) || !usable(to, 1))
        return -EBADF;
    int from_pipe = pipe_capacity(from) > 0, to_pipe = pipe_capacity(to) > 0;
    if (!from_pipe && !to_pipe)
        return -EINVAL;
    if ((from_pipe && in_offset) || (to_pipe && out_offset))
        return -ESPIPE;
    int error = bad_offset(in_offset);
    if (!error)
        error = bad_offset(out_offset);
    if (error)
        return error;
    if (to->flags & O_APPEND)
        return -EINVAL;
    // One pipe's worth, read once: a pipe cannot take back what does not fit elsewhere.
    return pump(in, in_offset, out, out_offset, size < PIPE_CAPACITY ? size : PIPE_CAPACITY);
}

long sys_tee(int in, int out, size_t size, unsigned flags) {
    struct file *from = fd_file(in), *to = fd_file(out);
    if (flags & ~0xfu)
        return -EINVAL;
    if (!usable(from, 0) || !usable(to, 1))
        return -EBADF;
    if (pipe_capacity(from) <= 0 || pipe_capacity(to) <= 0 || from == to)
        return -EINVAL;
    void *buffer = kmalloc(PIPE_CAPACITY);
    if (!buffer)
        return -ENOMEM;
    long got = pipe_peek(from, buffer, size < PIPE_CAPACITY ? size : PIPE_CAPACITY);
    if (got > 0)
        got = sys_write(out, buffer, (size_t)got);
    kfree(buffer);
    return got;
}
