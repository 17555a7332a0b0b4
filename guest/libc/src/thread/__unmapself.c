// The last thing a detached thread does: its stack is the next thread's (stacks.c). It has the lock
// of the thread list, which the kernel gives back when it has left.
#include "pthread_impl.h"
#include "stacks.h"

void __unmapself(void *map, size_t size) {
    __boxer_stack_keep(map, size);
    __syscall(SYS_exit, 0);
}
