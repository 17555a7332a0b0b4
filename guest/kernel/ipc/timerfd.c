// Timers as files: timerfd_create(2).
//
// Difference from Linux: TFD_TIMER_CANCEL_ON_SET is accepted and never cancels, since the real-time
// clock is the host's and its steps are not told.
#include "ipc/timerfd.h"
#include "mm/slab.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/descriptor.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_time.h>
#include <string.h>

struct timerfd {
    struct timer timer; // first: fire() gets its address
    uint64_t expired;
    uint32_t activity;
};

static void timerfd_fire(struct timer *timer, uint64_t times) {
    struct timerfd *self = (struct timerfd *)timer;
    self->expired += times;
    self->activity++;
}

static long timerfd_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct timerfd *self = file->private_data;
    (void)pos;
    if (size < sizeof self->expired)
        return -EINVAL;
    timers_run();
    if (!self->expired)
        return -EAGAIN;
    memcpy(buffer, &self->expired, sizeof self->expired);
    self->expired = 0;
    return sizeof self->expired;
}

static unsigned timerfd_poll(struct file *file) {
    struct timerfd *self = file->private_data;
    return self->expired ? LINUX_POLLIN | LINUX_POLLRDNORM : 0;
}

static uint32_t timerfd_activity(struct file *file) {
    return ((struct timerfd *)file->private_data)->activity;
}

static int64_t timerfd_wakes_at(struct file *file) {
    return timer_wakes_at(&((struct timerfd *)file->private_data)->timer);
}

static void timerfd_release(struct file *file) {
    struct timerfd *self = file->private_data;
    if (self)
        timer_disarm(&self->timer);
    kfree(self);
}

static const struct file_ops timerfd_ops = {
    .read = timerfd_read,
    .poll = timerfd_poll,
    .activity = timerfd_activity,
    .wakes_at = timerfd_wakes_at,
    .release = timerfd_release,
};

long timerfd_new(enum timer_clock clock, int flags) {
    struct timerfd *self = kzalloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->timer = (struct timer){.clock = clock, .fire = timerfd_fire};
    long fd = descriptor_for(&timerfd_ops, self, flags);
    if (fd < 0)
        kfree(self);
    return fd;
}

// Unlike other timers it shows the interval it was last given, armed or not.
static void show(const struct timer *timer, struct linux_itimerspec *shown) {
    timer_show(timer, shown);
    ns_timespec(timer->interval, &shown->interval);
}

int timerfd_show(int fd, struct linux_itimerspec *shown) {
    int error;
    struct timerfd *self = descriptor_data(fd, &timerfd_ops, -EINVAL, &error);
    if (error)
        return error;
    timers_run();
    show(&self->timer, shown);
    return 0;
}

int timerfd_set(int fd, int absolute, const struct linux_itimerspec *new,
                struct linux_itimerspec *old) {
    int error;
    struct timerfd *self = descriptor_data(fd, &timerfd_ops, -EINVAL, &error);
    if (error)
        return error;
    timers_run();
    show(&self->timer, old);
    if ((error = timer_set(&self->timer, absolute, new)))
        return error;
    if (!self->timer.armed)
        timespec_ns(&new->interval, &self->timer.interval);
    self->expired = 0;
    return 0;
}
