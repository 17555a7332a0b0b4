// A thread that left the stack while it waits; see suspension.c.
#ifndef PYTHON_SUSPENSION_H
#define PYTHON_SUSPENSION_H

#include <stdint.h>

struct suspension;

// running: of the thread that runs, which is not the main one. interrupted: asked where CPython
// looks for signals; -1 with an exception set.
void suspension_install(struct suspension *(*running)(void), int (*interrupted)(void));

struct suspension *suspension_new(void);
void suspension_free(struct suspension *);

// A wait of the running thread has begun that ends at deadline_ns (INT64_MAX: never). 1: it can be
// left; the kernel interrupts it, and what follows leaves the stack.
int suspension_begin(struct suspension *, int64_t deadline_ns);
// Whether the wait, begun once more, has reached its deadline.
int suspension_is_due(const struct suspension *);
// Whether the interruption is to leave the stack; an exception is set then.
int suspension_interrupts(struct suspension *);
int64_t suspension_deadline(const struct suspension *);

// After a turn: whether the thread did more than to begin its wait once more; whether it has ended.
int suspension_got_on(const struct suspension *);
int suspension_is_over(const struct suspension *);
// Whether its interpreter has ended.
int suspension_is_lost(const struct suspension *);

#endif
