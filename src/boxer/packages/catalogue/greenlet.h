// What greenlet switches stacks by in a box: its seam for platforms whose switch is assembly.
//
// A greenlet's part of the C stack in linear memory is greenlet's own to save and restore, as on
// every platform. The native frames are the host's: each greenlet is a fiber of its thread
// (<boxer/kernel.h>), and the number of its fiber lies in the part that is saved.
//
// The text is put before every file of the package, and means nothing to those that do not switch.
#ifndef BOXER_GREENLET_H
#define BOXER_GREENLET_H
#ifdef __cplusplus

#include <stdint.h>

#define STACK_MAGIC 0
#define EXTERNAL_ASM
// Of a member of the greenlet that is gone on with: whether the one that is left is done.
#define SLP_BEFORE_RESTORE_STATE()                                                                 \
    (boxer_is_done = !this->thread_state()->borrow_current()->stack_state.active())

static int boxer_is_done;

extern "C" {
intptr_t slp_save_state_asm(intptr_t *); // greenlet's
void slp_restore_state_asm(void);
int kernel_fiber(void);
int kernel_fiber_begin(void);
void kernel_fiber_switch(int number, int for_good);

__asm__(".globaltype __stack_pointer, i32\n");

static inline char *boxer_stack_pointer(void) {
    char *pointer;
    __asm__ volatile("global.get __stack_pointer\n local.set %0" : "=r"(pointer));
    return pointer;
}

static inline void boxer_set_stack_pointer(char *pointer) {
    __asm__ volatile("local.get %0\n global.set __stack_pointer" ::"r"(pointer) : "memory");
}

// Behind a switch nothing is read from memory that is not this greenlet's again.
__attribute__((noinline)) static int slp_switch(void) {
    volatile int number = kernel_fiber();
    char *here = boxer_stack_pointer();
    intptr_t offset = (char *)&number - here, distance = slp_save_state_asm((intptr_t *)here);
    if (distance == -1)
        return -1;
    if (distance == 1) {
        int resumed = kernel_fiber_begin();
        boxer_set_stack_pointer(here);
        return resumed < 0 ? -1 : !resumed;
    }
    char *there = here + distance;
    boxer_set_stack_pointer(there < here ? there : here);
    slp_restore_state_asm();
    int next = *(volatile int *)(there + offset);
    kernel_fiber_switch(next, boxer_is_done);
    boxer_set_stack_pointer(here);
    return 0;
}
}

#endif
#endif
