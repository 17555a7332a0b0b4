// A system call that is a cancellation point. There is no program counter to tell whether a signal
// came before its end: a flag of the thread's says that it is in one, the kernel is asked not to
// restart it (pthread_cancel.c), and -EINTR is the cancellation's.
#include "syscall.h"
#include "pthread_impl.h"

hidden long __cancel(void);

hidden long __syscall_cp_asm(volatile void *cancel, syscall_arg_t nr, syscall_arg_t u,
                             syscall_arg_t v, syscall_arg_t w, syscall_arg_t x, syscall_arg_t y,
                             syscall_arg_t z) {
    pthread_t self = __pthread_self();
    if (*(volatile int *)cancel)
        return __cancel();
    int before = self->at_point;
    self->at_point = 1;
    long r = boxer_syscall(nr, u, v, w, x, y, z);
    self->at_point = before;
    return r;
}
