// Pseudo-terminals as files: /dev/ptmx makes one, /dev/pts has the name of its other side.
//
// Invariants
// 1. A pty lives while either side is open; its name in /dev/pts as long as the main side.
// 2. Both sides share settings and size. The subordinate side reads what the line discipline lets
//    through, the main side what was printed and echoed.
#include "tty/pty.h"
#include "mm/slab.h"
#include "tty/job.h"
#include "tty/pty_line.h"
#include "tty/terminal.h"
#include "vfs/dentry.h"
#include "vfs/entry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/open.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <string.h>

#define PTS_MAJOR 136u
#define PTYS_MAX 64u
#define READABLE (LINUX_POLLIN | LINUX_POLLRDNORM)
#define WRITABLE (LINUX_POLLOUT | LINUX_POLLWRNORM)

static KERNEL_STATE struct pty *all;
static KERNEL_STATE struct dentry *folder;

static void let_go(struct pty *pty) {
    struct pty **at = &all;
    if (!pty->closed || pty->subordinates)
        return;
    while (*at != pty)
        at = &(*at)->next;
    *at = pty->next;
    kfree(pty);
}

static long main_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct pty *pty = file->private_data;
    size_t done = 0;
    (void)pos;
    if (!pty->output_count)
        return pty->was_open && !pty->subordinates ? -EIO : -EAGAIN;
    for (; done < size && pty->output_count; pty->output_count--) {
        ((char *)buffer)[done++] = pty->output[pty->output_start];
        pty->output_start = (pty->output_start + 1) % PTY_OUTPUT;
    }
    pty->typed++; // room: an edge for who prints
    return (long)done;
}

static long main_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    (void)pos;
    for (size_t i = 0; i < size; i++)
        line_type(file->private_data, ((const unsigned char *)buffer)[i]);
    return (long)size;
}

static unsigned main_poll(struct file *file) {
    struct pty *pty = file->private_data;
    int hung = pty->was_open && !pty->subordinates;
    return (pty->output_count ? READABLE : 0) | WRITABLE | (hung ? LINUX_POLLHUP : 0);
}

static long sub_read(struct file *file, void *buffer, size_t size, int64_t *pos) {
    struct pty *pty = file->private_data;
    (void)pos;
    int error = controlling_may_use(&pty->control, 0);
    if (error)
        return error;
    long result = size ? line_read(pty, buffer, size) : 0;
    return result == -EAGAIN && pty->closed ? 0 : result;
}

static long sub_write(struct file *file, const void *buffer, size_t size, int64_t *pos) {
    struct pty *pty = file->private_data;
    size_t done = 0;
    (void)pos;
    if (pty->closed)
        return -EIO;
    if (pty->termios.lflag & TOSTOP) {
        int error = controlling_may_use(&pty->control, 1);
        if (error)
            return error;
    }
    while (done < size && !pty->is_suspended &&
           line_print(pty, ((const unsigned char *)buffer)[done]))
        done++;
    return done || !size ? (long)done : -EAGAIN;
}

static unsigned sub_poll(struct file *file) {
    struct pty *pty = file->private_data;
    if (pty->closed)
        return READABLE | WRITABLE | LINUX_POLLHUP;
    return (line_ready(pty) ? READABLE : 0) |
           (!pty->is_suspended && pty->output_count + 2 <= PTY_OUTPUT ? WRITABLE : 0);
}

static uint32_t activity(struct file *file) {
    struct pty *pty = file->private_data;
    return pty->typed + pty->printed + (uint32_t)pty->closed;
}

static int settings(struct pty *pty, unsigned request, uintptr_t argument) {
    struct termios wanted;
    if (terminal_copy_in(argument, &wanted, sizeof wanted))
        return -EFAULT;
    if (request == TCSETSF)
        line_flush(pty, 1, 0);
    line_settings(pty, &wanted);
    return 0;
}

static int flush(struct pty *pty, uintptr_t queue, int from_main) {
    if (queue > 2)
        return -EINVAL;
    // 0: what was received and not read, 1: what was sent and not transmitted, 2: both.
    line_flush(pty, from_main ? queue != 0 : queue != 1, from_main ? queue != 1 : queue != 0);
    return 0;
}

// tcflow(3) of what the program writes. What it reads comes as fast as somebody types.
static int suspend(struct pty *pty, uintptr_t action, int from_main) {
    if (action > 3)
        return -EINVAL;
    if (action < 2 && !from_main) {
        pty->is_suspended = action == 0;
        pty->printed++; // an edge for who waits to write
    }
    return 0;
}

static int resize(struct pty *pty, uintptr_t argument) {
    struct window window;
    if (terminal_copy_in(argument, &window, sizeof window))
        return -EFAULT;
    if (memcmp(&window, &pty->window, sizeof window) != 0 && pty->control.foreground)
        group_signal(pty->control.foreground, LINUX_SIGWINCH);
    pty->window = window;
    return 0;
}

static int either_ioctl(struct file *file, unsigned request, uintptr_t argument, int from_main) {
    struct pty *pty = file->private_data;
    int count = (int)(from_main || !line_ready(pty) ? pty->output_count : pty->input_count);
    switch (request) {
    case TCGETS:
        return terminal_copy_out(argument, &pty->termios, sizeof pty->termios);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return settings(pty, request, argument);
    case TIOCGWINSZ:
        return terminal_copy_out(argument, &pty->window, sizeof pty->window);
    case TIOCSWINSZ:
        return resize(pty, argument);
    case TCSBRK:
    case TCSBRKP:
        return 0;
    case TCXONC:
        return suspend(pty, argument, from_main);
    case TCFLSH:
        return flush(pty, argument, from_main);
    case TIOCOUTQ:
        count = from_main ? 0 : (int)pty->output_count;
        return terminal_copy_out(argument, &count, sizeof count);
    case FIONREAD:
        count = from_main ? count : line_ready(pty) ? (int)pty->input_count : 0;
        return terminal_copy_out(argument, &count, sizeof count);
    default:
        return job_ioctl(&pty->control, request, argument, from_main);
    }
}

static int changes_settings(unsigned request) {
    return request == TCSETS || request == TCSETSW || request == TCSETSF || request == TCSBRK ||
           request == TCSBRKP || request == TCXONC || request == TCFLSH;
}

static int sub_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    struct pty *pty = file->private_data;
    int error = changes_settings(request) ? controlling_may_use(&pty->control, 1) : 0;
    if (error)
        return error;
    return either_ioctl(file, request, argument, 0);
}

static int main_ioctl(struct file *file, unsigned request, uintptr_t argument) {
    struct pty *pty = file->private_data;
    char path[] = "/dev/pts/00";
    switch (request) {
    case TIOCGPTN:
        return terminal_copy_out(argument, &pty->number, sizeof pty->number);
    case TIOCGPTLCK:
        return terminal_copy_out(argument, &pty->locked, sizeof pty->locked);
    case TIOCSPTLCK:
        return terminal_copy_in(argument, &pty->locked, sizeof pty->locked);
    case TIOCGPTPEER:
        memcpy(path + 9, pty->name->name, pty->name->name_len + 1);
        return (int)open_at(AT_FDCWD, path, open_known((uint32_t)argument), 0, 0);
    default:
        return either_ioctl(file, request, argument, 1);
    }
}

static void main_release(struct file *file) {
    struct pty *pty = file->private_data;
    if (!pty)
        return;
    pty->closed = 1;
    controlling_forget(&pty->control);
    entry_remove(pty->name);
    let_go(pty);
}

static void sub_release(struct file *file) {
    struct pty *pty = file->private_data;
    if (!pty)
        return;
    pty->subordinates--;
    pty->printed++; // hung up: an edge for the main side
    let_go(pty);
}

const struct file_ops ptmx_file_ops = {
    .read = main_read,
    .write = main_write,
    .poll = main_poll,
    .activity = activity,
    .ioctl = main_ioctl,
    .release = main_release,
};

static const struct file_ops sub_ops = {
    .read = sub_read,
    .write = sub_write,
    .poll = sub_poll,
    .activity = activity,
    .ioctl = sub_ioctl,
    .release = sub_release,
};

static struct pty *numbered(unsigned number) {
    struct pty *pty = all;
    while (pty && (pty->closed || pty->number != number))
        pty = pty->next;
    return pty;
}

static int open_sub(struct dentry *entry, struct file *file) {
    struct pty *pty = numbered(entry->inode->rdev & 0xff);
    if (!pty || pty->locked)
        return -EIO;
    file->private_data = pty;
    pty->subordinates++;
    pty->was_open = 1;
    if (!(file->flags & O_NOCTTY))
        controlling_begin(&pty->control);
    return 0;
}

static const struct inode_ops sub_node_ops = {.open = open_sub};

static int add_name(struct pty *pty) {
    char text[3] = {(char)('0' + pty->number / 10), (char)('0' + pty->number % 10), 0};
    const char *name = pty->number < 10 ? text + 1 : text;
    struct inode *inode;
    uint32_t rdev = PTS_MAJOR << 8 | pty->number;
    if (folder->inode->ops->create(folder, name, strlen(name), S_IFCHR | 0620, rdev, &inode))
        return -ENOMEM;
    inode->ops = &sub_node_ops;
    inode->file_ops = &sub_ops;
    int error = entry_add(folder, name, strlen(name), inode, &pty->name);
    inode_put(inode);
    if (!error)
        dentry_put(pty->name); // the tree's reference keeps it
    return error ? -ENOMEM : 0;
}

static int open_main(struct dentry *entry, struct file *file) {
    unsigned number = 0;
    (void)entry;
    while (numbered(number))
        number++;
    if (number >= PTYS_MAX)
        return -ENOSPC; // as at kernel.pty.max
    struct pty *pty = kzalloc(sizeof *pty);
    if (!pty)
        return -ENOMEM;
    pty->number = number;
    pty->locked = 1;
    pty->termios = (struct termios)TERMIOS_FRESH;
    int error = add_name(pty);
    if (error) {
        kfree(pty);
        return error;
    }
    pty->next = all;
    all = pty;
    file->private_data = pty;
    return 0;
}

const struct inode_ops ptmx_ops = {.open = open_main};

struct file *pty_open(const struct controlling *control, uint32_t flags) {
    struct pty *pty = all;
    while (pty && &pty->control != control)
        pty = pty->next;
    struct file *file = pty && !pty->closed ? file_new(&sub_ops, flags) : NULL;
    if (!file)
        return NULL;
    file->private_data = pty;
    pty->subordinates++;
    return file;
}

void pty_boot(struct dentry *pts) {
    folder = pts;
}
