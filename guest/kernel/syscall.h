// The table of system calls, and the hook that shows each one (boxer run --strace).
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

// The typed function of a number, called with its arguments; -ENOSYS for numbers not served.
long syscall_dispatch(long number, const long arguments[6]);

typedef void (*syscall_trace)(long number, const long arguments[6], long result);
extern syscall_trace boxer_trace; // null: nobody watches

#endif
