// Streams of the host that are handed to one program.
//
// Invariants
// 1. Neither a read nor a write waits in the host: -EAGAIN.
// 2. A terminal edits its lines in the host; it controls nobody's session here.
#include "tty/handed.h"
#include "host/host.h"
#include "task/signal.h"
#include "tty/terminal.h"
#include "vfs/file.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>

static int hfd_of(const struct file *file) {
    return (int)(intptr_t)file->private_data;
}

static int handed_descriptor(struct file *file) {
    return hfd_of(file);
}

static long handed_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    return host_read(hfd_of(file), buffer, size);
}

static long handed_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    long written = host_write(hfd_of(file), buffer, size);
    if (written == -EPIPE)
        signal_raise(LINUX_SIGPIPE);
    return written;
}

static unsigned handed_poll(struct file *file) {
    struct host_poll poll = {.hfd = hfd_of(file), .want_write = file->flags & O_WRONLY};
    if (host_poll(&poll, 1, 0) >= 0 && !poll.ready)
        return 0;
    return poll.want_write ? LINUX_POLLOUT | LINUX_POLLWRNORM : LINUX_POLLIN | LINUX_POLLRDNORM;
}

static enum host_kind kind_of(const struct file *file) {
    enum host_kind kind;
    int flags;
    return host_fdkind(hfd_of(file), &kind, &flags) < 0 ? HOST_UNKNOWN : kind;
}

static int handed_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    static const struct termios fresh = TERMIOS_FRESH;
    static const struct window window = {.rows = 24, .columns = 80};
    if (kind_of(file) != HOST_CHARACTER)
        return -ENOTTY;
    switch (request) {
    case TCGETS:
        return terminal_copy_out(argument, &fresh, sizeof fresh);
    case TIOCGWINSZ:
        return terminal_copy_out(argument, &window, sizeof window);
    default:
        return -ENOTTY;
    }
}

static uint32_t handed_mode(struct file *file) {
    switch (kind_of(file)) {
    case HOST_CHARACTER:
        return S_IFCHR | 0620;
    case HOST_FILE:
        return S_IFREG | 0600;
    default:
        return S_IFIFO | 0600;
    }
}

static void handed_release(struct file *file) {
    host_close(hfd_of(file));
}

static const struct file_ops handed_ops = {
    .read = handed_read,
    .write = handed_write,
    .ioctl = handed_ioctl,
    .poll = handed_poll,
    .mode = handed_mode,
    .host_descriptor = handed_descriptor,
    .release = handed_release,
};

struct file *handed_open(int hfd, uint32_t access) {
    struct file *file = file_new(&handed_ops, access);
    if (file)
        file->private_data = (void *)(intptr_t)hfd;
    return file;
}
