// Pages of linear memory.
//
// Every page is free, the kernel's, or some programs' (mm/space.h). What is here but for page_owner
// is about the kernel's. A page never used before reads as zero.
#ifndef KERNEL_MM_MEMORY_H
#define KERNEL_MM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u
#define MEMORY_PAGES_MAX (1u << 20) // 4 GiB, all of a 32-bit linear memory
// The first pages above memory_floor() are left to brk(2): first fit begins behind them. mallocng
// takes its bookkeeping there, a page at a time, and falls back to mmap; more would be a hole in
// the image.
#define MEMORY_BRK_PAGES 16u

// Address space from `heap` to the end of linear memory (grown when needed), first fit from below
// so that the image stays low and dense. Natively heap is ignored: the pages come from a fixed
// arena.
void memory_boot(uintptr_t heap);

// count pages in a row, the kernel's; null: no memory. zeroed: they read as zero (free for pages
// never used).
void *pages_alloc(size_t count, int zeroed);
void pages_free(void *pages, size_t count);
// Makes a run of `old` pages `count` long where it lies; 0 when the pages behind it are taken.
int pages_extend(void *pages, size_t old, size_t count, int zeroed);
size_t pages_total(void), pages_in_use(void);
void pages_scrub(void); // zeroes every free page that was ever used, and free small objects

// Takes exactly this run if all of it is free (growing memory when it lies just past the end).
int pages_claim(uintptr_t address, size_t count, int zeroed);
uintptr_t memory_floor(void); // below lie code's data and the stack: mapped, but never unmapped
uintptr_t memory_end(void);   // end of linear memory as grown so far

// Grows linear memory until `count` pages behind the last used one are free: a machine that need
// not grow can be put back to its image. Without memory nothing happens.
void memory_reserve(size_t count);

// Whether a caller's range may be touched at all: not null, inside linear memory. A false answer is
// -EFAULT; natively only null is caught here, the sanitizers catch the rest.
int user_range(const void *address, size_t size);

// Tests: pages beyond this many are refused as if the host had no more. 0: no limit.
void memory_limit(size_t pages);
// Tests and fault injection: the n-th allocation from now fails, once. 0: none. Answers how many
// were to come before the failure ordered earlier; 0: it happened.
uint64_t memory_fail_at(uint64_t allocation);
int memory_refuses(void); // counts one allocation

#endif
