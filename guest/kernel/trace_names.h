// The names of flags in a trace, and what the calls' arguments are.
#ifndef KERNEL_TRACE_NAMES_H
#define KERNEL_TRACE_NAMES_H

#include "line.h"

// The names of a value; kinds:
//   O open(2)  T the AT_ flags of path calls  A access(2)  P mmap(2)'s protection  M its flags
//   W lseek(2)  C fcntl(2)  G signals  Q sigprocmask(2)  K clocks  D address families
//   Y socket types  E epoll_ctl(2)
// 0: no such kind.
int line_names(struct line *, char kind, uint32_t value);

// A call's arguments are described by letters, one each:
//   d decimal  x hexadecimal  o octal  p pointer  s string  a directory descriptor  n size
//   w bytes going in (the next argument is their size)  r bytes coming out (the result is their
//   size) l L the halves of a 64-bit number  v vectors going in  i two descriptors coming out
//   Capitals: names of trace_names.c.
struct trace_call {
    int number;
    const char *name, *arguments;
};
const struct trace_call *trace_call(long number); // null: its arguments are not known

#endif
