// eventfd(2): a counter as a file.
#include "ipc/eventfd.h"
#include "mm/slab.h"
#include "vfs/descriptor.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <string.h>

#define MOST (UINT64_MAX - 1)

struct eventfd {
    uint64_t count;
    int semaphore;
    uint32_t activity;
};

static long eventfd_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct eventfd *event = file->private_data;
    (void)pos;
    if (size < sizeof event->count)
        return -EINVAL;
    if (event->count == 0)
        return -EAGAIN;
    uint64_t taken = event->semaphore ? 1 : event->count;
    event->count -= taken;
    event->activity++;
    memcpy(buffer, &taken, sizeof taken);
    return sizeof taken;
}

static long eventfd_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct eventfd *event = file->private_data;
    uint64_t added;
    (void)pos;
    if (size < sizeof added)
        return -EINVAL;
    memcpy(&added, buffer, sizeof added);
    if (added == UINT64_MAX)
        return -EINVAL;
    if (added > MOST - event->count)
        return -EAGAIN;
    event->count += added;
    event->activity++;
    return sizeof added;
}

static unsigned eventfd_poll(struct file *file) {
    struct eventfd *event = file->private_data;
    return (event->count ? LINUX_POLLIN | LINUX_POLLRDNORM : 0) |
           (event->count < MOST ? LINUX_POLLOUT | LINUX_POLLWRNORM : 0);
}

static uint32_t eventfd_activity(struct file *file) {
    return ((struct eventfd *)file->private_data)->activity;
}

static void eventfd_release(struct file *file) {
    kfree(file->private_data);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .activity = eventfd_activity,
    .release = eventfd_release,
};

long eventfd_new(unsigned count, int semaphore, int flags) {
    struct eventfd *event = kzalloc(sizeof *event);
    if (!event)
        return -ENOMEM;
    event->count = count;
    event->semaphore = semaphore;
    long fd = descriptor_for(&eventfd_ops, event, flags);
    if (fd < 0)
        kfree(event);
    return fd;
}
