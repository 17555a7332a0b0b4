// mmap(2), munmap(2), mremap(2), brk(2).
#ifndef KERNEL_SYS_MMAP_H
#define KERNEL_SYS_MMAP_H

#include <stddef.h>
#include <stdint.h>

long sys_mmap(uintptr_t address, size_t size, int prot, int flags, int fd, int64_t offset);
long sys_munmap(uintptr_t address, size_t size);
long sys_mremap(uintptr_t address, size_t old_size, size_t size, int flags, uintptr_t new_address);
long sys_brk(uintptr_t end);

#endif
