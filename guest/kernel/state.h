// What the kernel knows, apart from what a program does.
#ifndef KERNEL_STATE_H
#define KERNEL_STATE_H

// Every variable of the kernel lies here, so that a program's data can be exchanged or put back
// without it (mm/data.h). mm/pages.c's bitmaps are left out: here they would be bytes of the
// module.
#define KERNEL_STATE __attribute__((section("kernel_state")))

#endif
