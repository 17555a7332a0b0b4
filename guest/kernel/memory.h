// The kernel's memory: pages of linear memory, and small objects on top of them.
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

// Address space from `heap` to the end of linear memory, first fit from below so that the image
// stays low and dense. zeroed: the pages read as zero (free for pages never used before).
void memory_boot(uintptr_t heap);
void *pages_alloc(size_t count, int zeroed); // null: no memory
void pages_free(void *pages, size_t count);
size_t pages_total(void), pages_in_use(void);
void pages_scrub(void); // zeroes every free page that was ever used

void *kmalloc(size_t size);  // 8-byte aligned, null: no memory
void *kzalloc(size_t size);
void *krealloc(void *old, size_t size);
void kfree(void *);

#endif
