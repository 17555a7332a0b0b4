// The table of system calls.
#ifndef KERNEL_SYS_TABLE_H
#define KERNEL_SYS_TABLE_H

// The typed function of a number, called with its arguments; -ENOSYS for numbers not served.
long syscall_dispatch(long number, const long arguments[6]);

#endif
