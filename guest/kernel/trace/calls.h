// What the calls' arguments are, for traces.
#ifndef KERNEL_TRACE_CALLS_H
#define KERNEL_TRACE_CALLS_H

// A call's arguments are described by letters, one each:
//   d decimal  x hexadecimal  o octal  p pointer  s string  a directory descriptor  n size
//   w bytes going in (the next argument is their size)  r bytes coming out (the result is their
//   size) l L the halves of a 64-bit number  v vectors going in  i two descriptors coming out
//   Capitals: names of names.c.
struct trace_call {
    int number;
    const char *name, *arguments;
};
const struct trace_call *trace_call(long number); // null: its arguments are not known

#endif
