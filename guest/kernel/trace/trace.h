// What `boxer run --strace` shows: each system call as strace(1) prints it, on the host's stderr.
#ifndef KERNEL_TRACE_TRACE_H
#define KERNEL_TRACE_TRACE_H

// Host variable that turns it on (any value but "" and "0"); the program does not see it.
#define TRACE_VARIABLE "BOXER_STRACE="

typedef void (*syscall_trace)(long number, const long arguments[6], long result);
extern syscall_trace boxer_trace; // null: nobody watches

void trace_start(void);
void trace_stop(void);

#endif
