// What code looks at while it is imported before the freeze: what a run may have otherwise.
#ifndef PYTHON_LOOKS_H
#define PYTHON_LOOKS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

// From begin to end each look is written down. The lines: fields with a '\x1f' between them. What
// is looked at, which one of these, the file of the innermost Python code, and the files of the
// modules that are being imported, innermost first. Null with an exception.
void looks_begin(void);
PyObject *looks_end(void);

// What is frozen holds for a run in which these are as they are now: names of environment
// variables, or "@hostname", "@cwd", "@user". A list of bytes. 0 or -1 with an exception.
int looks_assume(PyObject *names);
int looks_hold(void); // whether they are

#endif
