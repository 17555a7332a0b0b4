// The names of flags in a trace.
#ifndef KERNEL_TRACE_NAMES_H
#define KERNEL_TRACE_NAMES_H

#include "host/line.h"

// The names of a value; kinds:
//   O open(2)  T the AT_ flags of path calls  A access(2)  P mmap(2)'s protection  M its flags
//   W lseek(2)  C fcntl(2)  G signals  Q sigprocmask(2)  K clocks  D address families
//   Y socket types  E epoll_ctl(2)
// 0: no such kind.
int line_names(struct line *, char kind, uint32_t value);

#endif
