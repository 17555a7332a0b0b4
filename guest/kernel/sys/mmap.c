// mmap(2), munmap(2), mremap(2), brk(2).
//
// Invariants
// 1. Only pages given to the program are ever unmapped, moved or replaced; the kernel's own are
//    refused with -ENOMEM, data and stack below memory_floor() too.
// 2. There is no protection between pages: PROT_* is checked and forgotten. Writable and readable
//    are the same here; a fault cannot be had on purpose.
// 3. A private mapping of a file is a copy made at mmap time (POSIX leaves later changes open).
// 4. Anonymous shared memory is a file without a name, as on Linux.
#include "sys/mmap.h"
#include "mm/memory.h"
#include "mm/space.h"
#include "vfs/fd.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mapping.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>
#include <boxer/linux_mman.h>
#include <string.h>

#define FIXED (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)
#define DEV_ZERO 0x105u // major 1, minor 5

// Addresses in the upper half of linear memory are negative as a long.
static int is_error(long result) {
    return result < 0 && result >= -4095;
}

static size_t pages_of(size_t size) {
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

// The program's pages in [page, end) are given back, whatever else lies there stays.
static void unmap_range(uintptr_t address, size_t pages) {
    while (pages) {
        size_t run = 0;
        while (run < pages && page_owner(address + run * PAGE_SIZE) == PAGE_PROGRAM &&
               !mapping_covers(address + run * PAGE_SIZE, 1))
            run++;
        if (run)
            space_free(address, run);
        size_t step = run ? run : 1;
        address += step * PAGE_SIZE;
        pages -= step;
    }
}

static int fixed_allowed(uintptr_t address, size_t pages, int replace) {
    if (address < memory_floor() || address + pages * PAGE_SIZE < address)
        return -ENOMEM;
    for (size_t i = 0; i < pages; i++) {
        enum page_owner owner = page_owner(address + i * PAGE_SIZE);
        if (owner == PAGE_KERNEL)
            return -ENOMEM;
        if (owner == PAGE_PROGRAM && !replace)
            return -EEXIST;
    }
    return 0;
}

// Makes room at a fixed address: what the program had there is unmapped.
static int clear_fixed(uintptr_t address, size_t pages, int flags) {
    if (address % PAGE_SIZE)
        return -EINVAL;
    int error = fixed_allowed(address, pages, !(flags & LINUX_MAP_FIXED_NOREPLACE));
    if (error || (error = mapping_forget(address, pages)))
        return error;
    unmap_range(address, pages);
    return 0;
}

static long map_fixed(uintptr_t address, size_t pages, int flags) {
    int error = clear_fixed(address, pages, flags);
    if (error)
        return error;
    return space_claim(address, pages) ? (long)address : -ENOMEM;
}

static long map_anonymous(uintptr_t address, size_t pages, int flags) {
    if (flags & FIXED)
        return map_fixed(address, pages, flags);
    void *memory = space_alloc(pages);
    return memory ? (long)(uintptr_t)memory : -ENOMEM;
}

static long share_anonymous(uintptr_t address, size_t pages, int flags) {
    int error = flags & FIXED ? clear_fixed(address, pages, flags) : 0;
    return error ? error : mapping_share_anonymous(address, pages, flags);
}

static long copy_in(struct file *file, uintptr_t address, size_t size, int64_t offset) {
    for (size_t done = 0; done < size;) {
        int64_t pos = offset + (int64_t)done;
        long got = file->ops->read(file, (char *)address + done, size - done, &pos);
        if (got < 0)
            return got;
        if (got == 0)
            break; // past the end of the file: zeros
        done += (size_t)got;
    }
    return 0;
}

static long map_file(uintptr_t address, size_t size, int prot, int flags, int fd, int64_t offset) {
    struct file *file = fd_file(fd);
    if (!file)
        return -EBADF;
    uint32_t access = file->flags & O_ACCMODE;
    int shared = (flags & LINUX_MAP_TYPE) != LINUX_MAP_PRIVATE;
    if (access == O_WRONLY || (shared && (prot & LINUX_PROT_WRITE) && access != O_RDWR))
        return -EACCES;
    if (!file->inode || !file->ops->read || file->ops->getdents ||
        S_ISTYPE(file->inode->mode, S_IFIFO))
        return -ENODEV;
    if (S_ISTYPE(file->inode->mode, S_IFCHR))
        return file->inode->rdev != DEV_ZERO ? -ENODEV
               : shared                      ? share_anonymous(address, pages_of(size), flags)
                                             : map_anonymous(address, pages_of(size), flags);
    if (shared && (flags & FIXED)) {
        int error = clear_fixed(address, pages_of(size), flags);
        if (error)
            return error;
    }
    if (shared)
        return mapping_share(file, address, pages_of(size), prot, flags, offset);
    file_get(file);
    long result = map_anonymous(address, pages_of(size), flags);
    if (!is_error(result)) {
        long error = copy_in(file, (uintptr_t)result, size, offset);
        if (error) {
            unmap_range((uintptr_t)result, pages_of(size));
            result = error;
        }
    }
    file_put(file);
    return result;
}

long sys_mmap(uintptr_t address, size_t size, int prot, int flags, int fd, int64_t offset) {
    int type = flags & LINUX_MAP_TYPE;
    if (size == 0 || offset < 0 || offset % PAGE_SIZE)
        return -EINVAL;
    if (type < LINUX_MAP_SHARED || type > LINUX_MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (prot & ~(LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC | LINUX_PROT_SEM))
        return -EINVAL;
    if (size > SIZE_MAX - PAGE_SIZE)
        return -ENOMEM;
    if (flags & LINUX_MAP_HUGETLB)
        return -ENOMEM; // as on a Linux with no huge pages set aside
    if (flags & LINUX_MAP_ANONYMOUS)
        return (type == LINUX_MAP_PRIVATE ? map_anonymous : share_anonymous)(address,
                                                                             pages_of(size), flags);
    int64_t end;
    if (__builtin_add_overflow(offset, (int64_t)size, &end))
        return -EOVERFLOW;
    return map_file(address, size, prot, flags, fd, offset);
}

long sys_munmap(uintptr_t address, size_t size) {
    if (size == 0 || address % PAGE_SIZE || size > SIZE_MAX - PAGE_SIZE)
        return -EINVAL;
    size_t pages = pages_of(size);
    if (address + pages * PAGE_SIZE - 1 < address)
        return -EINVAL;
    int error = mapping_forget(address, pages);
    if (!error)
        unmap_range(address, pages);
    return error;
}

static long move_to(uintptr_t address, size_t old, size_t pages, int flags, uintptr_t target) {
    size_t kept = old < pages ? old : pages;
    long result;
    if (flags & LINUX_MREMAP_FIXED) {
        uintptr_t from = address, from_end = address + old * PAGE_SIZE;
        if (target % PAGE_SIZE || (target < from_end && from < target + pages * PAGE_SIZE))
            return -EINVAL;
        result = map_fixed(target, pages, LINUX_MAP_FIXED);
    } else {
        result = map_anonymous(0, pages, 0);
    }
    if (is_error(result))
        return result;
    memcpy((void *)(uintptr_t)result, (void *)address, kept * PAGE_SIZE);
    if (flags & LINUX_MREMAP_DONTUNMAP)
        memset((void *)address, 0, old * PAGE_SIZE);
    else
        unmap_range(address, old);
    return result;
}

long sys_mremap(uintptr_t address, size_t old_size, size_t size, int flags, uintptr_t target) {
    size_t old = pages_of(old_size), pages = pages_of(size);
    int known = LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP;
    if ((flags & ~known) || address % PAGE_SIZE || size == 0 || old == 0)
        return -EINVAL;
    if ((flags & (LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP)) && !(flags & LINUX_MREMAP_MAYMOVE))
        return -EINVAL;
    if ((flags & LINUX_MREMAP_DONTUNMAP) && old != pages)
        return -EINVAL;
    if (size > SIZE_MAX - PAGE_SIZE || old_size > SIZE_MAX - PAGE_SIZE)
        return -ENOMEM;
    if (address + old * PAGE_SIZE < address || !pages_given(address, old))
        return -EFAULT;
    if (mapping_covers(address, old))
        return mapping_resize(address, old, pages, flags);
    if (flags & (LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP))
        return move_to(address, old, pages, flags, target);
    if (space_extend(address, old, pages))
        return (long)address;
    return flags & LINUX_MREMAP_MAYMOVE ? move_to(address, old, pages, flags, 0) : -ENOMEM;
}

// Answers the break as it then is: the old one when the new one cannot be had, as Linux does.
long sys_brk(uintptr_t end) {
    uintptr_t *brk_end = &space_in_place->brk_end;
    if (!*brk_end)
        *brk_end = memory_floor();
    if (end < memory_floor() || end > UINTPTR_MAX - PAGE_SIZE)
        return (long)*brk_end;
    uintptr_t have = (*brk_end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    uintptr_t want = (end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    if (want > have) {
        if (!space_claim(have, (want - have) / PAGE_SIZE))
            return (long)*brk_end;
    } else if (want < have) {
        unmap_range(want, (have - want) / PAGE_SIZE);
    }
    *brk_end = end;
    return (long)*brk_end;
}
