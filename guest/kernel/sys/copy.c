// Moving bytes between descriptors inside the kernel: sendfile, splice, tee, copy_file_range.
//
// Invariants
// 1. Nothing is taken from the source that the target did not get: a pipe is looked into first, a
//    file is read at a position that moves on only by what was written.
// 2. Once bytes have moved, the call never waits and never fails: it answers how many.
// 3. One bounded buffer, whatever size is asked for.
#include "sys/copy.h"
#include "ipc/pipe.h"
#include "mm/memory.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/io.h"
#include "vfs/wait_file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>

#define BUFFER_MAX PIPE_CAPACITY
#define SPLICE_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

struct transfer {
    struct file *in, *out;
    int64_t *in_pos, *out_pos; // told when all is done: both may be one description's
    int64_t in_at, out_at;
    int in_pipe;   // the source is a pipe
    int may_wait;  // for the source or the target, before anything moved
    int keep_on;   // waits for room in the target even later (sendfile)
    int keep_data; // tee: the source keeps what was copied
};

static int is_pipe(struct file *file) {
    return pipe_capacity(file) >= 0;
}

static struct file *open_file(int fd) {
    struct file *file = fd_file(fd);
    return file && !(file->flags & O_PATH) ? file : NULL;
}

static struct file *source(int fd) {
    struct file *file = open_file(fd);
    return file && (file->flags & O_ACCMODE) != O_WRONLY ? file : NULL;
}

static struct file *target(int fd) {
    struct file *file = open_file(fd);
    return file && (file->flags & O_ACCMODE) != O_RDONLY ? file : NULL;
}

static long look_into(struct file *pipe, void *buffer, size_t size, int may_wait) {
    for (;;) {
        long got = pipe_peek(pipe, buffer, size);
        if (got != -EAGAIN || !may_wait || (pipe->flags & O_NONBLOCK))
            return got;
        int error = wait_file(pipe, LINUX_POLLIN);
        if (error)
            return error;
    }
}

static void discard(struct file *pipe, void *buffer, size_t size) {
    int64_t pos = 0;
    while (size) {
        long got = pipe->ops->read(pipe, buffer, size, &pos);
        if (got <= 0)
            return;
        size -= (size_t)got;
    }
}

// One buffer full: the number of bytes that moved, 0 at the source's end, or -errno.
static long move_part(struct transfer *t, void *buffer, size_t size, int first) {
    int64_t pos = t->in_at;
    int wait = t->may_wait && first;
    long got = t->in_pipe ? look_into(t->in, buffer, size, wait)
                          : io_read(t->in, buffer, size, &pos, wait);
    if (got <= 0)
        return got;
    long put =
        io_write(t->out, buffer, (size_t)got, &t->out_at, wait || (t->may_wait && t->keep_on));
    if (put <= 0)
        return put;
    if (!t->in_pipe)
        t->in_at += put;
    else if (!t->keep_data)
        discard(t->in, buffer, (size_t)put);
    return put;
}

static long move_all(struct transfer *t, size_t size) {
    size_t room = size < BUFFER_MAX ? size : BUFFER_MAX;
    size_t pages = (room + PAGE_SIZE - 1) / PAGE_SIZE;
    void *buffer = size ? pages_alloc(pages, 0) : NULL;
    size_t done = 0;
    long part = 0;
    if (!buffer)
        return size ? -ENOMEM : 0;
    t->in_at = *t->in_pos;
    t->out_at = *t->out_pos;
    file_get(t->in);
    file_get(t->out);
    while (done < size) {
        part = move_part(t, buffer, size - done < room ? size - done : room, done == 0);
        if (part <= 0)
            break;
        done += (size_t)part;
        if (t->keep_data)
            break; // the pipe's beginning is there once
    }
    if (done) {
        *t->out_pos = t->out_at;
        *t->in_pos = t->in_at;
    }
    file_put(t->in);
    file_put(t->out);
    pages_free(buffer, pages);
    return done ? (long)done : part;
}

static int check_offset(int64_t *offset) {
    if (!offset)
        return 0;
    return !user_range(offset, sizeof *offset) ? -EFAULT : *offset < 0 ? -EINVAL : 0;
}

static size_t bounded(size_t size) {
    return size < RW_MAX ? size : RW_MAX;
}

long sys_sendfile64(int out_fd, int in_fd, int64_t *offset, size_t size) {
    struct file *in = source(in_fd), *out = target(out_fd);
    if (!in)
        return -EBADF;
    if (offset && !in->ops->seek)
        return -ESPIPE;
    int error = check_offset(offset);
    if (error || !out)
        return error ? error : -EBADF;
    if (!in->ops->read || in->ops->getdents || !in->ops->seek)
        return -EINVAL; // a pipe's data could be lost on the way
    if (!out->ops->write || (out->flags & O_APPEND))
        return -EINVAL;
    struct transfer t = {
        .in = in,
        .out = out,
        .in_pos = offset ? offset : &in->pos,
        .out_pos = &out->pos,
        .may_wait = 1,
        .keep_on = 1,
    };
    return move_all(&t, bounded(size));
}

// A position may be given for the end that is not a pipe, if it has positions.
static int check_end(struct file *file, int pipe, int64_t *offset) {
    if (offset && !pipe && !file->ops->seek)
        return -EINVAL;
    return check_offset(offset);
}

long sys_splice(int in_fd, int64_t *in_offset, int out_fd, int64_t *out_offset, size_t size,
                unsigned flags) {
    if (size == 0)
        return 0;
    if (flags & ~SPLICE_FLAGS)
        return -EINVAL;
    struct file *in = open_file(in_fd), *out = open_file(out_fd);
    if (!in || !out)
        return -EBADF;
    int in_pipe = is_pipe(in), out_pipe = is_pipe(out);
    if ((in_pipe && in_offset) || (out_pipe && out_offset))
        return -ESPIPE;
    if (!source(in_fd) || !target(out_fd))
        return -EBADF;
    int error = check_end(in, in_pipe, in_offset);
    if (!error)
        error = check_end(out, out_pipe, out_offset);
    if (error)
        return error;
    if ((!in_pipe && !out_pipe) || !in->ops->read || in->ops->getdents || !out->ops->write)
        return -EINVAL;
    if (in_pipe && out_pipe && in->private_data == out->private_data)
        return -EINVAL;
    if (!out_pipe && (out->flags & O_APPEND))
        return -EINVAL;
    struct transfer t = {
        .in = in,
        .out = out,
        .in_pos = in_offset ? in_offset : &in->pos,
        .out_pos = out_offset ? out_offset : &out->pos,
        .in_pipe = in_pipe,
        .may_wait = !(flags & SPLICE_F_NONBLOCK),
    };
    return move_all(&t, bounded(size));
}

long sys_tee(int in_fd, int out_fd, size_t size, unsigned flags) {
    if (flags & ~SPLICE_FLAGS)
        return -EINVAL;
    if (size == 0)
        return 0;
    struct file *in = source(in_fd), *out = target(out_fd);
    if (!in || !out)
        return -EBADF;
    if (!is_pipe(in) || !is_pipe(out) || in->private_data == out->private_data)
        return -EINVAL;
    struct transfer t = {
        .in = in,
        .out = out,
        .in_pos = &in->pos,
        .out_pos = &out->pos,
        .in_pipe = 1,
        .may_wait = !(flags & SPLICE_F_NONBLOCK),
        .keep_data = 1,
    };
    return move_all(&t, bounded(size));
}

static int check_regular(struct file *in, struct file *out) {
    if (in->ops->getdents || out->ops->getdents)
        return -EISDIR;
    if (!in->inode || !S_ISREG(in->inode->mode) || !out->inode || !S_ISREG(out->inode->mode))
        return -EINVAL;
    if (!in->ops->read || !in->ops->seek || !out->ops->write || !out->ops->seek)
        return -EINVAL;
    return out->flags & O_APPEND ? -EBADF : 0;
}

long sys_copy_file_range(int in_fd, int64_t *in_offset, int out_fd, int64_t *out_offset,
                         size_t size, unsigned flags) {
    struct file *in = fd_file(in_fd), *out = fd_file(out_fd);
    if (!in || !out)
        return -EBADF;
    int error = check_offset(in_offset);
    if (!error)
        error = check_offset(out_offset);
    if (!error && flags)
        error = -EINVAL;
    if (!error && !(in->flags & O_PATH) && !(out->flags & O_PATH))
        error = check_regular(in, out);
    if (!error && (!source(in_fd) || !target(out_fd)))
        error = -EBADF;
    if (!error)
        error = file_refresh(in);
    if (error)
        return error;
    int64_t *from = in_offset ? in_offset : &in->pos, *to = out_offset ? out_offset : &out->pos;
    int64_t end, left = in->inode->size - *from;
    size = bounded(size);
    if (__builtin_add_overflow(*from, (int64_t)size, &end) ||
        __builtin_add_overflow(*to, (int64_t)size, &end))
        return -EOVERFLOW;
    if (left <= 0)
        return 0;
    if ((int64_t)size > left)
        size = (size_t)left;
    if (in->inode == out->inode && *from < *to + (int64_t)size && *to < *from + (int64_t)size)
        return -EINVAL;
    struct transfer t = {.in = in, .out = out, .in_pos = from, .out_pos = to, .may_wait = 1};
    return move_all(&t, size);
}
