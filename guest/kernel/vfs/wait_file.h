// Waiting for files: what they poll, and until they do.
#ifndef KERNEL_VFS_WAIT_FILE_H
#define KERNEL_VFS_WAIT_FILE_H

#include "task/wait.h"

#include <stdint.h>

// After an operation that answered -EAGAIN: sleeps until it may be worth trying again for `events`
// (POLLIN ..), or a signal is pending (-EINTR), or -EDEADLK. Call it in a loop around the
// operation.
int wait_file(struct file *, unsigned events);
// The same with a deadline on the monotonic clock: -EAGAIN when it passes.
int wait_file_until(struct file *, unsigned events, int64_t deadline_ns);
// The same where something has been done already: with nothing that could end the wait -EAGAIN, and
// nobody is told.
int wait_more(struct file *, unsigned events, int64_t deadline_ns);

// What `file` polls now, errors and hang-ups included.
unsigned wait_poll(struct file *, unsigned events);
// poll(2)'s heart: returns how many entries are ready by the deadline (0: none), -EINTR or
// -EDEADLK.
int wait_many(struct wait_entry *entries, unsigned count, int64_t deadline_ns);
// Any other wait for the files of its entries, which are held meanwhile.
int wait_held(struct wait *);

#endif
