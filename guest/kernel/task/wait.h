// Waiting, with one task that can run: nobody else does while the program waits, so only the host's
// descriptors, a timer or a signal that a timer raises can end a wait.
//
// A wait that nothing can end is refused: the first one of a run writes a line on the host's
// stderr, and each answers -EDEADLK. A program that goes on waiting so in a loop (WAIT_DEADLOCKS in
// a row) is ended with status WAIT_DEADLOCK_STATUS, so that a box never spins for ever.
#ifndef KERNEL_TASK_WAIT_H
#define KERNEL_TASK_WAIT_H

#include <stdint.h>

#define WAIT_DEADLOCKS 1000
#define WAIT_DEADLOCK_STATUS 124 // what timeout(1) answers for a program that would not end

struct file;

// Sleeps until deadline_ns of the monotonic clock (INT64_MAX: for ever). 0, -EINTR or -EDEADLK.
int wait_until(int64_t deadline_ns);

struct wait_entry {
    struct file *file; // null: never ready, as a negative descriptor of poll(2)
    unsigned events, ready;
};
// Any other wait: check() answers how many things are ready (> 0 ends the wait with that), or
// -errno; entries name the files whose host descriptors may bring readiness.
struct wait {
    int (*check)(struct wait *);
    struct wait_entry *entries;
    unsigned count;
    int64_t deadline_ns;
};
int wait_on(struct wait *); // the files are held by the caller
// One sleep, until something of that may have changed: 0, or why not.
int wait_sleep(struct wait_entry *entries, unsigned count, int64_t deadline_ns);

// Lets somebody else run instead of waiting (kernel_on_wait): 1 if somebody did, and everything may
// have changed. Else *until_ns may be lowered: who waits beyond it asks again then. Files that are
// waited for are held meanwhile.
int wait_lets_run(int64_t *until_ns);
// Whether there is somebody else, now or later.
int wait_has_company(void);
// As wait_until, for a futex: 1 if somebody else has run, who may have changed its word; a wait
// that nothing can end is interrupted where the program wants to be told so.
int wait_futex(int64_t deadline_ns);

void wait_thaw(void);

// What a task's waits have come to.
struct waiting {
    int may_interrupt; // the wait is a futex's, whose program can be told by an interruption
    int may_give_up;   // wait_more
    int deadlock_told;
    unsigned deadlocks; // waits refused in a row
};

// Whom a process's program lets run while it waits (kernel_on_wait).
struct company {
    int (*run_another)(int64_t *until_ns);
    int (*nothing_left)(void);
};

#endif
