// mprotect(2), madvise(2), msync(2), mlock(2), mincore(2): checked as Linux does, and true where
#ifndef KERNEL_SYS_MADVISE_H
#define KERNEL_SYS_MADVISE_H

#include <stddef.h>
#include <stdint.h>

long sys_mprotect(uintptr_t address, size_t size, int prot);
long sys_madvise(uintptr_t address, size_t size, int advice);
long sys_msync(uintptr_t address, size_t size, int flags);
long sys_mlock(uintptr_t address, size_t size, int flags);
long sys_munlock(uintptr_t address, size_t size);
long sys_mlockall(int flags);
long sys_munlockall(void);
long sys_mincore(uintptr_t address, size_t size, unsigned char *map);

#endif
