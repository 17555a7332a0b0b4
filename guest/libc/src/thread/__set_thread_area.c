#include "pthread_impl.h"

// What is each thread's own at one address: the kernel exchanges the section at a switch.
__attribute__((section("thread_local"))) uintptr_t __boxer_thread_pointer;

int __set_thread_area(void *p) {
    __boxer_thread_pointer = (uintptr_t)p;
    return 0;
}
