// What the kernel knows, apart from what a program does.
#ifndef KERNEL_STATE_H
#define KERNEL_STATE_H

// Every variable of the kernel lies here, so that a suspended program's memory can be put back
// without it (process/suspend.c). mm/memory.c's bitmaps are left out: here they would be bytes of
// the module.
#define KERNEL_STATE __attribute__((section("kernel_state")))

#endif
