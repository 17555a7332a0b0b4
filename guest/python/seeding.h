// Python's `random` in a life that begins as its image was frozen; see seeding.c.
#ifndef PYTHON_SEEDING_H
#define PYTHON_SEEDING_H

#include <Python.h>

// Before the freeze. generator: `random`'s own. 1: it is seeded when it is first asked, and nobody
// else need do it; 0: it cannot be put off.
int seeding_put_off(PyObject *generator);

#endif
