// MAP_SHARED mappings of files: the program's pages are the file's own pages.
#ifndef KERNEL_SHARED_MAPPING_H
#define KERNEL_SHARED_MAPPING_H

#include <stddef.h>
#include <stdint.h>

struct file;

// Maps `pages` pages of the file from offset on; the address or -errno.
long mapping_share(struct file *, uintptr_t address, size_t pages, int flags, int64_t offset);
// Ends what shared mappings lie in this range, before its pages are unmapped.
void mapping_forget(uintptr_t address, size_t pages);
int mapping_covers(uintptr_t address, size_t pages); // any page of it
long mapping_resize(uintptr_t address, size_t old, size_t pages, int flags);
int mapping_sync(uintptr_t address, size_t pages);

#endif
