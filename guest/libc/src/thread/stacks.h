// The stacks of threads that have ended, kept for the next ones.
#ifndef STACKS_H
#define STACKS_H

#include <features.h>
#include <stddef.h>

// A mapping of that size whose uppermost `cleared` bytes are zero, or null.
hidden unsigned char *__boxer_stack_take(size_t size, size_t cleared);
// Of a thread that has left it.
hidden void __boxer_stack_put(unsigned char *map, size_t size);

// The same by who has the lock of the thread list.
hidden void __boxer_stack_keep(unsigned char *map, size_t size);

#endif
