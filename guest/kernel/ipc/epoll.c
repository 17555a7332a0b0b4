// epoll(7): level-triggered, edge-triggered, one-shot, nested.
//
// Invariants
// 1. Items are sorted by descriptor number; an item is named by number and open file together, as
//    on Linux: a number can be there twice when a duplicate keeps the first file open.
// 2. An item does not keep its file open; file->watchers counts its items over all epolls.
// 3. A wait is for the epoll's own file, whose items may change meanwhile.
// 4. An edge is a bit that was not ready when last reported, or new activity of the file since.
#include "ipc/epoll.h"
#include "mm/slab.h"
#include "task/wait.h"
#include "vfs/descriptor.h"
#include "vfs/file.h"
#include "vfs/wait_file.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <string.h>

#define NESTED 5 // EP_MAX_NESTS
#define INTERNAL (LINUX_EPOLLET | LINUX_EPOLLONESHOT | LINUX_EPOLLWAKEUP | LINUX_EPOLLEXCLUSIVE)

struct item {
    struct file *file;
    int fd;
    uint32_t events; // 0 but for INTERNAL bits: disabled by one-shot
    uint64_t data;
    uint32_t reported, activity; // edge-triggered: as of the last report
};

struct epoll {
    struct epoll *next;
    struct file *file; // its own
    struct item *items;
    unsigned count, capacity, start; // start: whose turn it is when not all fit
};

struct report {
    struct wait wait; // first: check() gets its address
    struct epoll *self;
    struct linux_epoll_event *out;
    int out_count;
};

static KERNEL_STATE struct epoll *epolls;
static const struct file_ops epoll_ops;

static uint32_t activity_of(struct file *file) {
    return file->ops->activity ? file->ops->activity(file) : 0;
}

// What the item would report now.
static uint32_t item_ready(const struct item *item) {
    uint32_t events = item->events & ~INTERNAL;
    if (!events)
        return 0;
    uint32_t ready = wait_poll(item->file, events);
    if (ready && (item->events & LINUX_EPOLLET) && !(ready & ~item->reported) &&
        activity_of(item->file) == item->activity)
        return 0;
    return ready;
}

static void item_report(struct item *item, uint32_t ready) {
    item->reported = ready;
    item->activity = activity_of(item->file);
    if (item->events & LINUX_EPOLLONESHOT)
        item->events &= INTERNAL;
}

static int collect(struct wait *wait) {
    struct report *report = (struct report *)wait;
    struct epoll *self = report->self;
    int found = 0;
    for (unsigned i = 0; i < self->count && found < report->out_count; i++) {
        struct item *item = &self->items[(self->start + i) % self->count];
        uint32_t ready = item_ready(item);
        if (!ready) {
            if (item->events & LINUX_EPOLLET) // bits that went away come back as an edge
                item->reported &= wait_poll(item->file, item->events & ~INTERNAL);
            continue;
        }
        report->out[found++] = (struct linux_epoll_event){.events = ready, .data = item->data};
        item_report(item, ready);
    }
    if (found && self->count)
        self->start = (self->start + (unsigned)found) % self->count;
    return found;
}

static unsigned epoll_poll(struct file *file) {
    struct epoll *self = file->private_data;
    for (unsigned i = 0; i < self->count; i++)
        if (item_ready(&self->items[i]))
            return LINUX_POLLIN | LINUX_POLLRDNORM;
    return 0;
}

static void epoll_each(struct file *file, void (*visit)(struct file *, unsigned, void *),
                       void *context) {
    struct epoll *self = file->private_data;
    for (unsigned i = 0; i < self->count; i++)
        visit(self->items[i].file, self->items[i].events & ~INTERNAL, context);
}

static int64_t epoll_wakes_at(struct file *file) {
    struct epoll *self = file->private_data;
    int64_t soonest = INT64_MAX;
    for (unsigned i = 0; i < self->count; i++) {
        struct file *watched = self->items[i].file;
        if (!watched->ops->wakes_at || !(self->items[i].events & (LINUX_POLLIN | LINUX_POLLRDNORM)))
            continue;
        int64_t wake = watched->ops->wakes_at(watched);
        if (wake < soonest)
            soonest = wake;
    }
    return soonest;
}

static void remove_item(struct epoll *self, unsigned index) {
    self->items[index].file->watchers--;
    self->count--;
    memmove(&self->items[index], &self->items[index + 1],
            (self->count - index) * sizeof *self->items);
    self->start = 0;
}

static void epoll_release(struct file *file) {
    struct epoll *self = file->private_data;
    if (!self)
        return;
    while (self->count)
        remove_item(self, self->count - 1);
    struct epoll **link = &epolls;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    kfree(self->items);
    kfree(self);
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll,
    .wakes_at = epoll_wakes_at,
    .each_watched = epoll_each,
    .release = epoll_release,
};

// The item of fd and file, or where it would go: the first index with a number above.
static unsigned find(const struct epoll *self, int fd, const struct file *file, int *found) {
    unsigned low = 0, high = self->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (self->items[middle].fd < fd)
            low = middle + 1;
        else
            high = middle;
    }
    *found = 0;
    while (low < self->count && self->items[low].fd == fd) {
        if (self->items[low].file == file) {
            *found = 1;
            break;
        }
        low++;
    }
    return low;
}

static int grow(struct epoll *self) {
    if (self->count < self->capacity)
        return 0;
    unsigned capacity = self->capacity ? self->capacity * 2 : 8;
    struct item *items = kmalloc(capacity * sizeof *items);
    if (!items)
        return -ENOMEM;
    if (self->count)
        memcpy(items, self->items, self->count * sizeof *items);
    kfree(self->items);
    self->items = items;
    self->capacity = capacity;
    return 0;
}

// The last reference of a watched file goes: its items go with it.
static void forget(struct file *file) {
    for (struct epoll *self = epolls; self && file->watchers; self = self->next)
        for (unsigned i = self->count; i-- > 0;)
            if (self->items[i].file == file)
                remove_item(self, i);
}

// -ELOOP: watching `target` would let an epoll watch itself, or nest too deep.
static int loops(const struct epoll *self, const struct file *target, int depth) {
    if (target->ops != &epoll_ops)
        return 0;
    const struct epoll *inner = target->private_data;
    if (inner == self || depth >= NESTED)
        return -ELOOP;
    for (unsigned i = 0; i < inner->count; i++) {
        int error = loops(self, inner->items[i].file, depth + 1);
        if (error)
            return error;
    }
    return 0;
}

static long add(struct epoll *self, unsigned index, int fd, struct file *file,
                const struct linux_epoll_event *event) {
    int error = loops(self, file, 1);
    if (error || (error = grow(self)))
        return error;
    memmove(&self->items[index + 1], &self->items[index],
            (self->count - index) * sizeof *self->items);
    self->items[index] = (struct item){
        .file = file, .fd = fd, .events = event->events | LINUX_POLLERR | LINUX_POLLHUP};
    self->items[index].data = event->data;
    self->count++;
    file->watchers++;
    file->forget = forget;
    return 0;
}

long epoll_new(int flags) {
    struct epoll *self = kzalloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    long fd = descriptor_for(&epoll_ops, self, flags);
    if (fd < 0) {
        kfree(self);
        return fd;
    }
    self->file = fd_file((int)fd);
    self->next = epolls;
    epolls = self;
    return fd;
}

struct epoll *epoll_of(int epfd, int *error) {
    return descriptor_data(epfd, &epoll_ops, -EINVAL, error);
}

long epoll_control(struct epoll *self, int operation, int fd, struct file *file,
                   const struct linux_epoll_event *event) {
    int found;
    if (file->private_data == self)
        return -EINVAL;
    unsigned index = find(self, fd, file, &found);
    switch (operation) {
    case LINUX_EPOLL_CTL_ADD:
        return found ? -EEXIST : add(self, index, fd, file, event);
    case LINUX_EPOLL_CTL_DEL:
        if (!found)
            return -ENOENT;
        remove_item(self, index);
        return 0;
    case LINUX_EPOLL_CTL_MOD:
        if (!found)
            return -ENOENT;
        self->items[index].events = event->events | LINUX_POLLERR | LINUX_POLLHUP;
        self->items[index].data = event->data;
        self->items[index].reported = 0; // a modification is looked at anew
        return 0;
    default:
        return -EINVAL;
    }
}

int epoll_report(struct epoll *self, struct linux_epoll_event *events, int count,
                 int64_t deadline) {
    struct wait_entry own = {.file = self->file, .events = LINUX_POLLIN};
    struct report report = {
        .wait = {collect, &own, 1, deadline}, .self = self, .out = events, .out_count = count};
    return wait_held(&report.wait);
}
