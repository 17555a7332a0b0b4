// Where the C stack's end is: in linear memory, which all fibers of a task share.
#ifndef KERNEL_TASK_STACKPOINTER_H
#define KERNEL_TASK_STACKPOINTER_H

#include <stddef.h>

#ifdef __wasm__
__asm__(".globaltype __stack_pointer, i32\n");

static inline void *stack_pointer(void) {
    void *pointer;
    __asm__ volatile("global.get __stack_pointer\n local.set %0" : "=r"(pointer));
    return pointer;
}

static inline void set_stack_pointer(void *pointer) {
    __asm__ volatile("local.get %0\n global.set __stack_pointer" ::"r"(pointer));
}
#else // natively each fiber has a stack of its own
static inline void *stack_pointer(void) {
    return NULL;
}

static inline void set_stack_pointer(void *pointer) {
    (void)pointer;
}
#endif

#endif
