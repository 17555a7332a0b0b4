// What an interpreter is told before it starts; see before.c.
#ifndef PYTHON_BEFORE_H
#define PYTHON_BEFORE_H

#include <Python.h>

// What the command line and the environment of a run say.
PyStatus before_read(PyPreConfig *run, int argc, char **argv);

// Whether reading left the environment as it was.
int before_keeps(void);

// Takes back what reading left in the environment, for an interpreter that is started anew.
void before_undo(void);

// Whether the frozen interpreter was told the same.
int before_same(const PyPreConfig *run);

#endif
