// read(2), write(2) and their relatives.
//
// Invariants
// 1. A vector is checked whole before its first byte moves; what moved before an error counts.
// 2. The kernel reads and writes the caller's memory directly: ranges are checked with user_range.
#include "sys/read_write.h"
#include "mm/memory.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/io.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_iovec.h>

static long file_for(int fd, int direction, int positioned, struct file **found) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if (positioned && !file->ops->seek)
        return -ESPIPE;
    uint32_t access = file->flags & O_ACCMODE;
    if (access == (direction == READING ? O_WRONLY : O_RDONLY))
        return -EBADF;
    if (file->ops->getdents)
        return -EISDIR;
    if (direction == READING ? !file->ops->read : !file->ops->write)
        return -EINVAL;
    *found = file;
    return 0;
}

static long move(struct file *file, int direction, void *buffer, size_t size, int64_t *pos) {
    if (size > RW_MAX)
        size = RW_MAX;
    if (!user_range(buffer, size) && size)
        return -EFAULT;
    return io_move(file, direction, buffer, size, pos, 1);
}

static long transfer(int fd, int direction, void *buffer, size_t size) {
    struct file *file;
    long error = file_for(fd, direction, 0, &file);
    return error ? error : move(file, direction, buffer, size, &file->pos);
}

static long transfer_at(int fd, int direction, void *buffer, size_t size, int64_t offset) {
    struct file *file;
    if (offset < 0)
        return -EINVAL;
    long error = file_for(fd, direction, 1, &file);
    if (error)
        return error;
    return move(file, direction, buffer, size, &offset);
}

static long check_vector(const struct linux_iovec *vector, int count) {
    size_t total = 0;
    if (count < 0 || count > IOV_MAX)
        return -EINVAL;
    if (count && !user_range(vector, (size_t)count * sizeof *vector))
        return -EFAULT;
    for (int i = 0; i < count; i++) {
        if (vector[i].size > (size_t)PTRDIFF_MAX - total)
            return -EINVAL;
        total += vector[i].size;
        if (vector[i].size && !user_range(vector[i].base, vector[i].size))
            return -EFAULT;
    }
    return 0;
}

static long move_vector(struct file *file, int direction, const struct linux_iovec *vector,
                        int count, int64_t *pos) {
    long total = 0;
    for (int i = 0; i < count; i++) {
        if (!vector[i].size && (count > 1 || i))
            continue;
        // After the first bytes, what would wait ends the call.
        if (total && file->ops->poll && !wait_poll(file, io_event(direction)))
            break;
        long result = move(file, direction, vector[i].base, vector[i].size, pos);
        if (result < 0)
            return total ? total : result;
        total += result;
        if ((size_t)result < vector[i].size)
            break;
    }
    return total;
}

// As if the file had been opened with O_APPEND, without it, or with O_NONBLOCK: preadv2(2).
static long move_as(struct file *file, int direction, const struct linux_iovec *vector, int count,
                    int64_t *pos, int flags) {
    uint32_t kept = file->flags;
    if (flags & RWF_APPEND && flags & RWF_NOAPPEND)
        return -EINVAL;
    if (flags & RWF_NOAPPEND)
        file->flags &= ~(uint32_t)O_APPEND;
    if (flags & RWF_APPEND)
        file->flags |= O_APPEND;
    if (flags & RWF_NOWAIT)
        file->flags |= O_NONBLOCK;
    file_get(file);
    long result = move_vector(file, direction, vector, count, pos);
    file->flags = kept;
    file_put(file);
    return result;
}

static int is_empty(const struct linux_iovec *vector, int count) {
    for (int i = 0; i < count; i++)
        if (vector[i].size)
            return 0;
    return 1;
}

// offset -1: where the file stands.
static long transfer_vector(int fd, int direction, const struct linux_iovec *vector, int count,
                            int64_t offset, int flags) {
    struct file *file;
    if (offset < -1)
        return -EINVAL;
    long error = file_for(fd, direction, offset != -1, &file);
    int is_folder = error == -EISDIR;
    if (error && !is_folder)
        return error;
    long wrong = check_vector(vector, count);
    if (wrong || is_empty(vector, count))
        return wrong;
    if ((flags & ~RWF_KNOWN) || (is_folder && flags & ~RWF_HIPRI))
        return -EOPNOTSUPP;
    if (!error && flags & RWF_NOWAIT && file->inode)
        return -EOPNOTSUPP; // as on tmpfs; pipes and sockets know it
    if (error)
        return error;
    return move_as(file, direction, vector, count, offset == -1 ? &file->pos : &offset, flags);
}

long sys_read(int fd, void *buffer, size_t size) {
    return transfer(fd, READING, buffer, size);
}

long sys_write(int fd, const void *buffer, size_t size) {
    return transfer(fd, WRITING, (void *)buffer, size);
}

long sys_readv(int fd, const struct linux_iovec *vector, int count) {
    return transfer_vector(fd, READING, vector, count, -1, 0);
}

long sys_writev(int fd, const struct linux_iovec *vector, int count) {
    return transfer_vector(fd, WRITING, vector, count, -1, 0);
}

long sys_pread64(int fd, void *buffer, size_t size, int64_t offset) {
    return transfer_at(fd, READING, buffer, size, offset);
}

long sys_pwrite64(int fd, const void *buffer, size_t size, int64_t offset) {
    return transfer_at(fd, WRITING, (void *)buffer, size, offset);
}

long sys_preadv2(int fd, const struct linux_iovec *vector, int count, int64_t offset, int flags) {
    return transfer_vector(fd, READING, vector, count, offset, flags);
}

long sys_pwritev2(int fd, const struct linux_iovec *vector, int count, int64_t offset, int flags) {
    return transfer_vector(fd, WRITING, vector, count, offset, flags);
}

long sys_lseek64(int fd, int64_t offset, int64_t *result, int whence) {
    struct file *file = fd_file(fd);
    if (!file || (file->flags & O_PATH))
        return -EBADF;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    if (!file->ops->seek)
        return -ESPIPE;
    int64_t pos = file->ops->seek(file, offset, whence);
    if (pos < 0)
        return (long)pos;
    if (!user_range(result, sizeof *result))
        return -EFAULT;
    *result = pos;
    return 0;
}
