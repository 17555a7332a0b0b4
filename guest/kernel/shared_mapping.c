// MAP_SHARED mappings of files.
#include "shared_mapping.h"

#include <boxer/linux_errno.h>

long mapping_share(struct file *file, uintptr_t address, size_t pages, int flags, int64_t offset) {
    (void)file, (void)address, (void)pages, (void)flags, (void)offset;
    return -ENODEV; // what a file system without mmap answers
}

void mapping_forget(uintptr_t address, size_t pages) {
    (void)address, (void)pages;
}

int mapping_covers(uintptr_t address, size_t pages) {
    (void)address, (void)pages;
    return 0;
}

long mapping_resize(uintptr_t address, size_t old, size_t pages, int flags) {
    (void)address, (void)old, (void)pages, (void)flags;
    return -EFAULT;
}

int mapping_sync(uintptr_t address, size_t pages) {
    (void)address, (void)pages;
    return 0;
}
