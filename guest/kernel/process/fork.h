// fork(2), vfork(2), and clone(2) of a process.
#ifndef KERNEL_PROCESS_FORK_H
#define KERNEL_PROCESS_FORK_H

#include <stdint.h>

// What clone(2) was asked for, checked already.
struct forking {
    unsigned long flags;
    void *stack; // of the child; null: it goes on where its parent is
    uint32_t *parent_tid, *child_tid;
    uintptr_t thread_pointer;
};
// The child's pid; 0 in the child; or -errno with nothing changed.
long process_fork(const struct forking *);

#endif
