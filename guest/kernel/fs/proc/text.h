// Text that grows: what is in a file of /proc.
//
// Invariant: text that ran out of memory is marked, and its open fails with -ENOMEM; printers
// never check.
#ifndef KERNEL_FS_PROC_TEXT_H
#define KERNEL_FS_PROC_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; // owned
    size_t size, room;
    int failed;
};

void text_add(struct text *, const char *bytes, size_t size);
// %s: C string; %u %d %x %X: 64-bit numbers, with a width and zeros as in %08x. Nothing else.
void text_print(struct text *, const char *format, ...);
#define U(number) ((uint64_t)(number))
#define D(number) ((int64_t)(number))

#endif
