// The kernel has the thread pointer, which it exchanges with all that is thread-local, and sets it
// for a thread that begins.
#include "pthread_impl.h"

int __set_thread_area(void *p) {
    boxer_thread_pointer = (uintptr_t)p;
    return 0;
}
