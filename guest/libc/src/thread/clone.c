// clone(2), as riscv32 has it. A thread begins on a stack at whose top lie what it is to call, with
// what, and the lowest address it may use (0: not known).
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>
#include "pthread_impl.h"

#define NEEDS_MORE                                                                                 \
    (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_PIDFD)

int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
    void *ptid = 0, *tls = 0, *ctid = 0;
    uintptr_t *top = (uintptr_t *)(((uintptr_t)stack & -16) - 16), lowest = 0;
    if (flags & NEEDS_MORE) {
        va_list more;
        va_start(more, argument);
        ptid = va_arg(more, void *);
        tls = va_arg(more, void *);
        ctid = va_arg(more, void *);
        va_end(more);
    }
    if (flags & CLONE_SETTLS) {
        pthread_t thread = tls;
        lowest = (uintptr_t)thread->stack - thread->stack_size;
    }
    top[0] = (uintptr_t)function;
    top[1] = (uintptr_t)argument;
    top[2] = lowest;
    top[3] = 0;
    return __syscall(SYS_clone, flags, top, ptid, tls, ctid);
}
