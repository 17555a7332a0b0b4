// Small objects of the kernel's, on top of its pages.
#ifndef KERNEL_MM_SLAB_H
#define KERNEL_MM_SLAB_H

#include <stddef.h>

void *kmalloc(size_t size); // 8-byte aligned, null: no memory
void *kzalloc(size_t size);
void *krealloc(void *old, size_t size);
void kfree(void *);
void slabs_scrub(void); // part of pages_scrub

#endif
