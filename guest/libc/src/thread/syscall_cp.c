// Nobody can cancel the only thread while it waits: a cancellation point is a plain call.
#include "syscall.h"
#include "pthread_impl.h"

hidden long __syscall_cp_c(syscall_arg_t, syscall_arg_t, syscall_arg_t, syscall_arg_t,
                           syscall_arg_t, syscall_arg_t, syscall_arg_t);

hidden long __syscall_cp_asm(volatile void *cancel, syscall_arg_t nr, syscall_arg_t u,
                             syscall_arg_t v, syscall_arg_t w, syscall_arg_t x, syscall_arg_t y,
                             syscall_arg_t z) {
    return boxer_syscall(nr, u, v, w, x, y, z);
}

hidden const char __cp_begin[1], __cp_end[1], __cp_cancel[1];
