// A call that can be made once more; see retried.c.
#ifndef PYTHON_RETRIED_H
#define PYTHON_RETRIED_H

#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_frame.h>

#define MOST_ARGUMENTS 8

struct call {
    PyObject *callable, *arguments[MOST_ARGUMENTS];
    PyObject *keywords; // names of the last arguments, or null
    PyObject *exit;     // of a `with` that is entered: what lies below the result
    size_t count;
};

// Takes what the instruction in progress of the frame calls; 0: that cannot be called once more.
int call_take(struct call *, _PyInterpreterFrame *);
PyObject *call_again(struct call *);
void call_forget(struct call *);

#endif
