// clone(2) and the ends of tasks.
#ifndef KERNEL_SYS_CLONE_H
#define KERNEL_SYS_CLONE_H

#include <stddef.h>
#include <stdint.h>

// stack: the new task's, at whose top lie its function, the function's argument and the lowest
// address it may use (0: not known).
long sys_clone(unsigned long flags, void *stack, uint32_t *parent_tid, uintptr_t thread_pointer,
               uint32_t *child_tid);
long sys_exit(int status);
long sys_get_robust_list(int tid, void **head, size_t *size); // 0: the calling thread's

#endif
