// What a terminal is to job control: the ioctls of tty_ioctl(2) that say so.
#ifndef KERNEL_TTY_JOB_H
#define KERNEL_TTY_JOB_H

#include "task/group.h"

#include <stdint.h>

enum { TIOCSCTTY = 0x540e, TIOCSTI = 0x5412, TIOCNOTTY = 0x5422, TOSTOP = 0400 };

// from_main: through the main side of a pty, for which no session counts. -ENOTTY: not one of them.
int job_ioctl(struct controlling *, unsigned request, uintptr_t argument, int from_main);

#endif
