// signalfd(2): pending signals as a file.
#include "ipc/signalfd.h"
#include "mm/slab.h"
#include "task/signal.h"
#include "task/task.h"
#include "time/timer.h"
#include "vfs/descriptor.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <string.h>

struct signalfd {
    uint64_t set;
};

static void describe(const struct linux_siginfo *info, struct linux_signalfd_siginfo *out) {
    *out = (struct linux_signalfd_siginfo){
        .signo = (uint32_t)info->signo, .error = info->error, .code = info->code};
    if (info->code == LINUX_SI_TIMER) {
        out->tid = (uint32_t)info->timer.id;
        out->overrun = (uint32_t)info->timer.overrun;
        out->number = info->timer.value.number;
        out->pointer = (uintptr_t)info->timer.value.pointer;
        return;
    }
    out->pid = info->sent.pid;
    out->uid = info->sent.uid;
    if (info->code == LINUX_SI_QUEUE) {
        out->number = info->sent.value.number;
        out->pointer = (uintptr_t)info->sent.value.pointer;
    }
}

static long signalfd_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct signalfd *self = file->private_data;
    struct linux_signalfd_siginfo record;
    struct linux_siginfo info;
    size_t done = 0;
    (void)pos;
    if (size < sizeof record)
        return -EINVAL;
    while (size - done >= sizeof record && signal_take(self->set, &info)) {
        describe(&info, &record);
        memcpy((char *)buffer + done, &record, sizeof record);
        done += sizeof record;
    }
    return done ? (long)done : -EAGAIN;
}

static unsigned signalfd_poll(struct file *file) {
    struct signalfd *self = file->private_data;
    return signal_pending_set() & self->set ? LINUX_POLLIN | LINUX_POLLRDNORM : 0;
}

static int64_t signalfd_wakes_at(struct file *file) {
    return timers_next(current->process, ((struct signalfd *)file->private_data)->set);
}

static void signalfd_release(struct file *file) {
    kfree(file->private_data);
}

static const struct file_ops signalfd_ops = {
    .read = signalfd_read,
    .poll = signalfd_poll,
    .wakes_at = signalfd_wakes_at,
    .release = signalfd_release,
};

long signalfd_change(int fd, uint64_t set) {
    int error;
    struct signalfd *self = descriptor_data(fd, &signalfd_ops, -EINVAL, &error);
    if (error)
        return error;
    self->set = set;
    return fd;
}

long signalfd_new(uint64_t set, int flags) {
    struct signalfd *self = kzalloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->set = set;
    long made = descriptor_for(&signalfd_ops, self, flags);
    if (made < 0)
        kfree(self);
    return made;
}
