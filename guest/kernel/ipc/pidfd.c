// pidfd_open(2): a process as a file.
//
// Invariant: it names one process for ever. A number that is given again is another process, which
// began later.
#include "ipc/pidfd.h"
#include "mm/slab.h"
#include "task/process.h"
#include "vfs/descriptor.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_poll.h>

struct pidfd {
    uint32_t pid;
    int64_t started_ns;
};

static struct process *find(const struct pidfd *self) {
    struct process *process = process_find(self->pid);
    return process && process->started_ns == self->started_ns ? process : NULL;
}

// It can be read once the process has ended, and hangs up when it was waited for.
static unsigned pidfd_poll(struct file *file) {
    const struct process *process = find(file->private_data);
    if (!process)
        return LINUX_POLLIN | LINUX_POLLRDNORM | LINUX_POLLHUP;
    return process->state == PROCESS_ZOMBIE ? LINUX_POLLIN | LINUX_POLLRDNORM : 0;
}

static void pidfd_release(struct file *file) {
    kfree(file->private_data);
}

static const struct file_ops pidfd_ops = {
    .poll = pidfd_poll,
    .release = pidfd_release,
};

struct process *pidfd_process(int fd, int *error) {
    const struct pidfd *self = descriptor_data(fd, &pidfd_ops, -EBADF, error);
    if (!self)
        return NULL;
    struct process *process = find(self);
    *error = process ? 0 : -ESRCH;
    return process;
}

long pidfd_new(const struct process *process, int flags) {
    struct pidfd *self = kzalloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct pidfd){process->pid, process->started_ns};
    long made = descriptor_for(&pidfd_ops, self, flags);
    if (made < 0)
        kfree(self);
    return made;
}
