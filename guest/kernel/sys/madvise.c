// mprotect(2), madvise(2), msync(2), mlock(2), mincore(2): checked as Linux does, and true where
// they change what a program can see (MADV_DONTNEED).
#include "sys/madvise.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "vfs/mapping.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_mman.h>
#include <string.h>

static size_t pages_of(size_t size) {
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

// 0 when every page of the range is mapped: given to the program, or data and stack below the heap.
static int mapped(uintptr_t address, size_t size, size_t *pages) {
    if (address % PAGE_SIZE)
        return -EINVAL;
    *pages = pages_of(size);
    if (size > SIZE_MAX - PAGE_SIZE || address + *pages * PAGE_SIZE < address)
        return -ENOMEM;
    for (size_t i = 0; i < *pages; i++) {
        uintptr_t page = address + i * PAGE_SIZE;
        if (page >= memory_floor() && page_owner(page) != PAGE_PROGRAM)
            return -ENOMEM;
    }
    return 0;
}

long sys_mprotect(uintptr_t address, size_t size, int prot) {
    size_t pages;
    int known = LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC | LINUX_PROT_SEM |
                LINUX_PROT_GROWSDOWN | LINUX_PROT_GROWSUP;
    if (prot & ~known)
        return -EINVAL;
    return mapped(address, size, &pages);
}

static long dont_need(uintptr_t address, size_t pages) {
    // Below the heap lie data and stack: dropping those would zero what is in use; Linux would too,
    // but nobody means it.
    if (address >= memory_floor() && !mapping_covers(address, pages))
        memset((void *)address, 0, pages * PAGE_SIZE);
    return 0;
}

long sys_madvise(uintptr_t address, size_t size, int advice) {
    size_t pages;
    int error = mapped(address, size, &pages);
    switch (advice) {
    case LINUX_MADV_DONTNEED:
        return error ? error : dont_need(address, pages);
    case LINUX_MADV_REMOVE: // of shared file mappings only
        return error ? error : -EINVAL;
    case LINUX_MADV_HUGEPAGE:
    case LINUX_MADV_NOHUGEPAGE:
    case LINUX_MADV_MERGEABLE:
    case LINUX_MADV_UNMERGEABLE:
        return -EINVAL; // a Linux built without them
    default:
        if (advice < 0 || advice > LINUX_MADV_POPULATE_WRITE || (advice > 4 && advice < 8))
            return -EINVAL;
        return error; // FREE may keep the content; the rest changes nothing that can be seen
    }
}

long sys_msync(uintptr_t address, size_t size, int flags) {
    size_t pages;
    if ((flags & ~(LINUX_MS_ASYNC | LINUX_MS_SYNC | LINUX_MS_INVALIDATE)) ||
        (flags & LINUX_MS_ASYNC && flags & LINUX_MS_SYNC))
        return -EINVAL;
    int error = mapped(address, size, &pages);
    return error ? error : mapping_sync(address, pages);
}

// Pages of linear memory are never swapped by the guest: locked by nature.
long sys_mlock(uintptr_t address, size_t size, int flags) {
    size_t pages;
    if (flags & ~LINUX_MLOCK_ONFAULT)
        return -EINVAL;
    uintptr_t start = address - address % PAGE_SIZE;
    if (size > SIZE_MAX - PAGE_SIZE - (address - start))
        return -ENOMEM;
    return mapped(start, size + (address - start), &pages);
}

long sys_munlock(uintptr_t address, size_t size) {
    return sys_mlock(address, size, 0);
}

long sys_mlockall(int flags) {
    int known = LINUX_MCL_CURRENT | LINUX_MCL_FUTURE | LINUX_MCL_ONFAULT;
    return (flags & ~known) || !(flags & (LINUX_MCL_CURRENT | LINUX_MCL_FUTURE)) ? -EINVAL : 0;
}

long sys_munlockall(void) {
    return 0;
}

long sys_mincore(uintptr_t address, size_t size, unsigned char *map) {
    size_t pages;
    int error = mapped(address, size, &pages);
    if (error)
        return error;
    if (!user_range(map, pages))
        return -EFAULT;
    memset(map, 1, pages);
    return 0;
}
