// The functions and variables that ctypes and cffi find by name: libc's, and the interpreter's own.
#ifndef PYTHON_EXPORTED_H
#define PYTHON_EXPORTED_H

#include <stddef.h>

enum { EXPORTED_PARAMETERS = 7 };

// One name. type: how a function is called, the result first, as letters; empty for a variable.
//   v nothing   i a signed number of 32 bits   u another one, or an address   d double   f float
//   q a number of 64 bits   a its address, where the function on Linux takes the number itself
//   c a function that compares two things, as qsort takes it   n none of Python's   . any others
struct exported {
    const char *name;
    void (*address)(void);
    char type[1 + EXPORTED_PARAMETERS];
};

// Null where there is none.
const struct exported *exported_of_name(const char *name);
const struct exported *exported_of_address(void (*address)(void));
// Whether it is one of the interpreter's own, which are called with its lock held.
int exported_by_python(const struct exported *named);

#endif
