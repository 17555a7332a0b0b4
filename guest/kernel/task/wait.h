// Waiting: other tasks run meanwhile; the host sleeps when all of them wait.
//
// A wait that nothing can end is refused: the first one of a task writes on the host's stderr what
// each task waits for, and each answers -EDEADLK. A program that goes on waiting so in a loop
// (WAIT_DEADLOCKS in a row) is ended with status WAIT_DEADLOCK_STATUS, so that a box never spins
// for ever; and at once where it waits for a futex, since locks know no such error.
#ifndef KERNEL_TASK_WAIT_H
#define KERNEL_TASK_WAIT_H

#include <stdint.h>

#define WAIT_DEADLOCKS 1000
#define WAIT_DEADLOCK_STATUS 124 // what timeout(1) answers for a program that would not end
#define WAIT_FEW 4

struct file;
struct task;

struct wait_entry {
    struct file *file; // null: never ready, as a negative descriptor of poll(2)
    unsigned events, ready;
};
// check() answers how many things are ready (> 0 ends the wait with that), or -errno; entries name
// the files whose readiness may change that.
struct wait {
    int (*check)(struct wait *);
    struct wait_entry *entries;
    unsigned count;
    int64_t deadline_ns;
};
int wait_on(struct wait *); // the files are held by the caller
// One sleep, until something of that may have changed: 0, or why not.
int wait_sleep(struct wait_entry *entries, unsigned count, int64_t deadline_ns);
// Sleeps until deadline_ns of the monotonic clock (INT64_MAX: for ever). 0, -EINTR or -EDEADLK.
int wait_until(int64_t deadline_ns);

// What others can wake a task by: an address in a space (futex(2)), or any address of the kernel's
// in no space. bits: a wake with one of them finds it.
struct wait_key {
    const void *space, *address;
    uint32_t bits, value; // value: what a futex's word was
};
// Until it is woken: 1; else 0 past the deadline, -EINTR or -EDEADLK. futex: the wait is one.
int wait_for_key(struct wait_key, int64_t deadline_ns, int futex);
// Wakes those that wait for the key, the first that did first, `most` at most: how many.
int wake_key(struct wait_key, int most);
// Those that are not woken wait for the other key from now on, `moved` at most: how many it was.
int wake_and_move(struct wait_key, int most, struct wait_key to, int moved);

// For what happens in the kernel: who waits for `channel` is woken.
int wait_for(const void *channel, int64_t deadline_ns);
void wake_all(const void *channel);
// Likewise, and no signal ends it, but for the task's end (-EINTR).
int wait_deaf(const void *channel);

// What a task waits for, as the scheduler sees it. few: its entries, where they are few.
struct waiting {
    struct wait_entry *entries, few[WAIT_FEW];
    unsigned count;
    int64_t deadline_ns;
    struct wait_key key; // address null: none
    struct task *next;   // of those that wait for a key
    int is_woken;
    int is_deaf;     // wait_deaf
    int is_futex;    // nothing of the kernel has changed before it
    unsigned passed; // others went first, since it was woken in vain (schedule.c)
    int may_give_up; // wait_more
    int deadlock_told;
    unsigned deadlocks; // waits refused in a row
};
// Whether it may end by itself: by a file, or by time.
int wait_is_timed(const struct waiting *);
// Whether it has, of a task that waits.
int wait_is_over(struct task *);

void wait_thaw(void);

#endif
