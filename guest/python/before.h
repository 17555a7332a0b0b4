// What an interpreter is told before it starts; see before.c.
#ifndef PYTHON_BEFORE_H
#define PYTHON_BEFORE_H

#include <Python.h>

// What the command line and the environment of a run say. An allocator that the frozen interpreter
// cannot change to any more is said on standard error.
PyStatus before_read(PyPreConfig *run, int argc, char **argv);

// Takes back what reading left in the environment, and the frozen interpreter in the locale, for
// one that is started anew.
void before_undo(void);

// Whether the frozen interpreter was told the same.
int before_same(const PyPreConfig *run);

#endif
