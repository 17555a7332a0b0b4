// Waiting, with one thread of execution: nobody else runs while the program waits, so only the
// host's descriptors, a timer or a signal that a timer raises can end a wait.
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include <stdint.h>

struct file;

// Waits until file polls any of `events` (POLLIN ..), or a signal is pending (-EINTR).
// -EDEADLK: nothing in this machine or its host can ever make it ready; a line on the host's stderr
// says so, once per run.
int wait_file(struct file *, unsigned events);

// Sleeps until deadline_ns of the monotonic clock (INT64_MAX: for ever). 0, -EINTR or -EDEADLK.
int wait_until(int64_t deadline_ns);

struct wait_entry {
    struct file *file;
    unsigned events, ready;
};
// poll(2)'s heart: returns how many entries are ready by the deadline (0: none), or -EINTR.
int wait_many(struct wait_entry *entries, unsigned count, int64_t deadline_ns);

#endif
