// A line of a trace, and the names of flags in it.
#ifndef KERNEL_TRACE_NAMES_H
#define KERNEL_TRACE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_LINE 512u

struct line {
    char text[TRACE_LINE];
    size_t size;
};

// What does not fit is left out; a line feed always has room.
void line_put(struct line *, const char *text);
void line_number(struct line *, uint64_t value, unsigned base, int negative);

// The names of a value; kinds:
//   O open(2)  T the AT_ flags of path calls  A access(2)  P mmap(2)'s protection  M its flags
//   W lseek(2)  C fcntl(2)  G signals  Q sigprocmask(2)  K clocks  D address families
//   Y socket types  E epoll_ctl(2)
// 0: no such kind.
int line_names(struct line *, char kind, uint32_t value);

#endif
