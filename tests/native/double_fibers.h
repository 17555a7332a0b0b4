// A host that switches native stacks, by ucontext(3).
#ifndef TESTS_NATIVE_DOUBLE_FIBERS_H
#define TESTS_NATIVE_DOUBLE_FIBERS_H

#include <stdint.h>

// From now on the kernel's slots are these; fork and images of memory are not to be had.
void host_switches(void);
// A thread with a stack that only the host sees; its word is cleared at its end. The tid or -errno.
long host_thread(int (*function)(void *), void *argument);
extern int host_switched;        // how often
extern int host_exchanged;       // of these, with another memory in place: nothing is moved
extern int64_t host_exchange_ns; // what that takes; below 0: it is refused
extern int host_stacks;          // how many fibers have one
extern int host_stacks_most;     // of fibers; beyond it -EAGAIN

#endif
