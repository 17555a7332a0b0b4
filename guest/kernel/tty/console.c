// The host's stdio as files: a terminal when the host says so, a pipe otherwise.
//
// Invariants
// 1. What the host is asked about a descriptor is asked once a life (console_thaw).
// 2. A read blocks in the host only when nothing in this machine could end the wait: with a timer
//    armed or O_NONBLOCK set, readiness is asked first.
#include "tty/console.h"
#include "host/host.h"
#include "outside/outside.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/schedule.h"
#include "time/timer.h"
#include "tty/job.h"
#include "tty/terminal.h"
#include "vfs/file.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define STDIO 3

struct console {
    int known;
    enum host_kind kind;
};

// The line is edited by the host's terminal, never here.
static const struct termios fresh = TERMIOS_FRESH;

static KERNEL_STATE struct console consoles[STDIO];
static KERNEL_STATE struct termios termios;
static KERNEL_STATE struct window window;
KERNEL_STATE struct controlling console_control;

static int number_of(const struct file *file) {
    return (int)(intptr_t)file->private_data;
}

static struct console *console_of(int number) {
    struct console *console = &consoles[number];
    if (!console->known) {
        int flags;
        enum host_kind kind;
        console->kind = host_fdkind(number, &kind, &flags) < 0 ? HOST_UNKNOWN : kind;
        console->known = 1;
    }
    return console;
}

int console_is_terminal(int number) {
    return console_of(number)->kind == HOST_CHARACTER;
}

void console_thaw(void) {
    memset(consoles, 0, sizeof consoles);
    termios = fresh;
    window = (struct window){.rows = 24, .columns = 80};
    console_control = (struct controlling){PROCESS_PID, PROCESS_PID};
    processes->terminal = &console_control;
}

static int ready_now(int number, int writing) {
    struct host_poll poll = {.hfd = number, .want_write = writing};
    int result = host_poll(&poll, 1, 0);
    return result < 0 || poll.ready; // a host that cannot tell: let the call itself find out
}

static long console_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    int number = number_of(file);
    int error = console_is_terminal(number) ? controlling_may_use(&console_control, 0) : 0;
    if (error)
        return error;
    int may_block = !(file->flags & O_NONBLOCK) &&
                    timers_next(current->process, signal_wakeable()) == INT64_MAX &&
                    !schedule_has_others() && !outside_takes_orders();
    if (!may_block && !ready_now(number, 0))
        return -EAGAIN;
    long result;
    do
        result = host_read(number, buffer, size);
    while (result == -EINTR && !signal_pending()); // of the host; the program blocks it
    return result;
}

static long console_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    long written;
    do
        written = host_write(number_of(file), buffer, size);
    while (written == -EINTR && !signal_pending());
    if (written == -EPIPE)
        signal_raise(LINUX_SIGPIPE);
    return written;
}

static int console_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    if (!console_is_terminal(number_of(file)))
        return -ENOTTY;
    switch (request) {
    case TCGETS:
        return terminal_copy_out(argument, &termios, sizeof termios);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return terminal_copy_in(argument, &termios, sizeof termios);
    case TIOCGWINSZ:
        if (boxer_signals.rows) {
            window.rows = (uint16_t)boxer_signals.rows;
            window.columns = (uint16_t)boxer_signals.columns;
        }
        return terminal_copy_out(argument, &window, sizeof window);
    case TIOCSWINSZ:
        return terminal_copy_in(argument, &window, sizeof window);
    default:
        return job_ioctl(&console_control, request, argument, 0);
    }
}

static unsigned console_poll(struct file *file) {
    int number = number_of(file);
    unsigned access = file->flags & O_ACCMODE;
    unsigned ready = 0;
    if (access != O_WRONLY && ready_now(number, 0))
        ready |= LINUX_POLLIN | LINUX_POLLRDNORM;
    if (access != O_RDONLY && ready_now(number, 1))
        ready |= LINUX_POLLOUT | LINUX_POLLWRNORM;
    return ready;
}

static int console_descriptor(struct file *file) {
    return number_of(file);
}

static uint32_t console_mode(struct file *file) {
    return console_is_terminal(number_of(file)) ? S_IFCHR | 0620 : S_IFIFO | 0600;
}

static const struct file_ops console_ops = {
    .read = console_read,
    .write = console_write,
    .ioctl = console_ioctl,
    .poll = console_poll,
    .mode = console_mode,
    .host_descriptor = console_descriptor,
};

struct file *console_open(int number) {
    // A terminal is one open file description on Linux, read and written through any descriptor.
    uint32_t access = console_is_terminal(number) ? O_RDWR : number == 0 ? O_RDONLY : O_WRONLY;
    struct file *file = file_new(&console_ops, access);
    if (file)
        file->private_data = (void *)(intptr_t)number;
    return file;
}
