// Pipes and FIFOs: a ring of bytes between descriptors.
//
// Invariants
// 1. A pipe lives while readers + writers > 0; a FIFO's pipe is found by its inode meanwhile.
// 2. The ring is made at the first write: an unused pipe costs 64 bytes.
// 3. A write of at most PIPE_BUF bytes goes in whole or not at all.
#include "ipc/pipe.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "task/signal.h"
#include "task/wait.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define PIPE_BUF 4096u
#define FIONREAD 0x541bu

struct pipe {
    struct pipe *next; // FIFOs only
    struct inode *inode;
    unsigned readers, writers;
    char *ring;
    size_t capacity, start, length;
    uint32_t came, left;              // edges for readers and writers
    uint32_t read_opens, write_opens; // so far, of a FIFO
};

static KERNEL_STATE struct pipe *fifos;

static int may_read(const struct file *file) {
    return (file->flags & O_ACCMODE) != O_WRONLY;
}

static int may_write(const struct file *file) {
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

static size_t take_out(const struct pipe *pipe, char *buffer, size_t size) {
    if (size > pipe->length)
        size = pipe->length;
    size_t tail = pipe->capacity - pipe->start;
    size_t head = size < tail ? size : tail;
    if (size == 0)
        return 0;
    memcpy(buffer, pipe->ring + pipe->start, head);
    memcpy(buffer + head, pipe->ring, size - head);
    return size;
}

static long pipe_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct pipe *pipe = file->private_data;
    (void)pos;
    if (!may_read(file))
        return -EBADF;
    if (size == 0)
        return 0;
    if (pipe->length == 0)
        return pipe->writers ? -EAGAIN : 0;
    size = take_out(pipe, buffer, size);
    pipe->start = (pipe->start + size) % pipe->capacity;
    pipe->length -= size;
    if (pipe->length == 0)
        pipe->start = 0;
    pipe->left++;
    return (long)size;
}

static int ring_ready(struct pipe *pipe) {
    if (!pipe->ring)
        pipe->ring = pages_alloc(pipe->capacity / PAGE_SIZE, 0);
    return pipe->ring ? 0 : -ENOMEM;
}

static long pipe_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct pipe *pipe = file->private_data;
    (void)pos;
    if (!may_write(file))
        return -EBADF;
    if (pipe->readers == 0) {
        signal_raise(LINUX_SIGPIPE);
        return -EPIPE;
    }
    if (size == 0)
        return 0;
    if (ring_ready(pipe))
        return -ENOMEM;
    size_t room = pipe->capacity - pipe->length;
    if (room == 0 || (size <= PIPE_BUF && size > room))
        return -EAGAIN;
    if (size > room)
        size = room;
    size_t end = (pipe->start + pipe->length) % pipe->capacity, tail = pipe->capacity - end;
    size_t head = size < tail ? size : tail;
    memcpy(pipe->ring + end, buffer, head);
    memcpy(pipe->ring, (const char *)buffer + head, size - head);
    pipe->length += size;
    pipe->came++;
    return (long)size;
}

static unsigned pipe_poll(struct file *file) {
    struct pipe *pipe = file->private_data;
    unsigned ready = 0;
    if (may_read(file)) {
        if (pipe->length)
            ready |= LINUX_POLLIN | LINUX_POLLRDNORM;
        if (pipe->writers == 0 && (pipe->came || !pipe->inode))
            ready |= LINUX_POLLHUP;
    }
    if (may_write(file)) {
        if (pipe->capacity - pipe->length >= PIPE_BUF)
            ready |= LINUX_POLLOUT | LINUX_POLLWRNORM;
        if (pipe->readers == 0)
            ready |= LINUX_POLLERR;
    }
    return ready;
}

static uint32_t pipe_activity(struct file *file) {
    struct pipe *pipe = file->private_data;
    return (may_read(file) ? pipe->came : 0) + (may_write(file) ? pipe->left : 0);
}

static int pipe_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    struct pipe *pipe = file->private_data;
    if (request != FIONREAD)
        return -ENOTTY;
    if (!argument || !user_range((void *)argument, sizeof(int)))
        return -EFAULT;
    *(int *)argument = (int)pipe->length;
    return 0;
}

static uint32_t pipe_mode(struct file *file) {
    (void)file;
    return (S_IFIFO | 0600);
}

static void pipe_free(struct pipe *pipe) {
    if (pipe->inode) {
        struct pipe **link = &fifos;
        while (*link != pipe)
            link = &(*link)->next;
        *link = pipe->next;
    }
    if (pipe->ring)
        pages_free(pipe->ring, pipe->capacity / PAGE_SIZE);
    kfree(pipe);
}

static void leave(struct file *file) {
    struct pipe *pipe = file->private_data;
    file->private_data = NULL;
    pipe->readers -= may_read(file);
    pipe->writers -= may_write(file);
    pipe->came++; // a hang-up is an edge on either side
    pipe->left++;
    if (pipe->readers + pipe->writers == 0)
        pipe_free(pipe);
}

static void pipe_release(struct file *file) {
    if (file->private_data) // else a FIFO whose open failed
        leave(file);
}

const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .mode = pipe_mode,
    .activity = pipe_activity,
    .release = pipe_release,
};

static struct pipe *pipe_new(struct inode *inode) {
    struct pipe *pipe = kzalloc(sizeof *pipe);
    if (!pipe)
        return NULL;
    pipe->capacity = PIPE_CAPACITY;
    pipe->inode = inode;
    if (inode) {
        pipe->next = fifos;
        fifos = pipe;
    }
    return pipe;
}

static void join(struct pipe *pipe, struct file *file) {
    file->private_data = pipe;
    pipe->readers += may_read(file);
    pipe->writers += may_write(file);
}

static struct file *pipe_file(struct pipe *pipe, uint32_t flags) {
    struct file *file = file_new(&pipe_ops, flags);
    if (file)
        join(pipe, file);
    return file;
}

int pipe_make(uint32_t flags, struct file *ends[2]) {
    struct pipe *pipe = pipe_new(NULL);
    ends[0] = pipe ? pipe_file(pipe, O_RDONLY | (flags & O_NONBLOCK)) : NULL;
    ends[1] = ends[0] ? pipe_file(pipe, O_WRONLY | (flags & O_NONBLOCK)) : NULL;
    if (ends[1])
        return 0;
    if (ends[0])
        file_put(ends[0]);
    else if (pipe)
        pipe_free(pipe);
    return -ENOMEM;
}

// Until the other side is opened, be it only for a moment.
static int wait_for_partner(const uint32_t *opens) {
    uint32_t before = *opens;
    while (*opens == before) {
        int result = wait_for(opens, INT64_MAX);
        if (result < 0)
            return result;
    }
    return 0;
}

int pipe_open_fifo(struct dentry *entry, struct file *file) {
    struct pipe *pipe = fifos;
    while (pipe && pipe->inode != entry->inode)
        pipe = pipe->next;
    int reads = may_read(file), writes = may_write(file);
    int waits = !(file->flags & O_NONBLOCK), error = 0;
    if (!reads && !waits && (!pipe || pipe->readers == 0))
        return -ENXIO;
    if (!pipe && !(pipe = pipe_new(entry->inode)))
        return -ENOMEM;
    join(pipe, file);
    if (reads) {
        pipe->read_opens++;
        wake_all(&pipe->read_opens);
    }
    if (writes) {
        pipe->write_opens++;
        wake_all(&pipe->write_opens);
    }
    if (waits && !writes && pipe->writers == 0)
        error = wait_for_partner(&pipe->write_opens);
    else if (waits && !reads && pipe->readers == 0)
        error = wait_for_partner(&pipe->read_opens);
    if (error)
        leave(file);
    return error;
}

long pipe_capacity(struct file *file) {
    return file->ops == &pipe_ops ? (long)((struct pipe *)file->private_data)->capacity : -EBADF;
}

long pipe_resize(struct file *file, size_t wanted) {
    if (file->ops != &pipe_ops)
        return -EBADF;
    struct pipe *pipe = file->private_data;
    if (wanted > PIPE_MOST)
        return wanted > INT32_MAX ? -EINVAL : -EPERM;
    size_t capacity = PAGE_SIZE; // a power of two of pages, as Linux rounds
    while (capacity < wanted)
        capacity *= 2;
    if (capacity < pipe->length)
        return -EBUSY;
    if (pipe->ring) {
        char *ring = pages_alloc(capacity / PAGE_SIZE, 0);
        if (!ring)
            return -ENOMEM;
        take_out(pipe, ring, pipe->length);
        pages_free(pipe->ring, pipe->capacity / PAGE_SIZE);
        pipe->ring = ring;
        pipe->start = 0;
    }
    pipe->capacity = capacity;
    return (long)capacity;
}

long pipe_peek(struct file *file, void *buffer, size_t size) {
    if (file->ops != &pipe_ops || !may_read(file))
        return -EBADF;
    struct pipe *pipe = file->private_data;
    if (pipe->length == 0)
        return pipe->writers ? -EAGAIN : 0;
    return (long)take_out(pipe, buffer, size);
}
