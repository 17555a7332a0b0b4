// What a terminal is to job control.
#include "tty/job.h"
#include "mm/memory.h"
#include "task/process.h"
#include "task/task.h"
#include "tty/terminal.h"

#include <boxer/linux_errno.h>

#include <stddef.h>

static int is_ours(const struct controlling *terminal) {
    return current->process->terminal == terminal && terminal->session == current->process->sid;
}

static int set_foreground(struct controlling *terminal, uintptr_t argument, int from_main) {
    uint32_t group;
    if (terminal_copy_in(argument, &group, sizeof group))
        return -EFAULT;
    if (!from_main)
        return (int)controlling_set_foreground(terminal, group);
    return -ENOTTY;
}

int job_ioctl(struct controlling *terminal, unsigned request, uintptr_t argument, int from_main) {
    switch (request) {
    case TIOCGPGRP:
        if (!from_main && !is_ours(terminal))
            return -ENOTTY;
        return terminal_copy_out(argument, &terminal->foreground, sizeof terminal->foreground);
    case TIOCSPGRP:
        return set_foreground(terminal, argument, from_main);
    case TIOCGSID:
        if ((!from_main && !is_ours(terminal)) || !terminal->session)
            return -ENOTTY;
        return terminal_copy_out(argument, &terminal->session, sizeof terminal->session);
    case TIOCSCTTY:
        return from_main ? -ENOTTY : controlling_take(terminal, argument == 1);
    case TIOCNOTTY:
        if (from_main || current->process->terminal != terminal)
            return -ENOTTY;
        controlling_leave();
        return 0;
    case TIOCSTI: // as /proc/sys/dev/tty/legacy_tiocsti says
        return -EIO;
    default:
        return -ENOTTY;
    }
}
