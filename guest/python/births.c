// A life that begins while Python code stands in a system call: a host has copied the machine for a
// connection. What is random, and the user's hooks, are renewed before the main thread's next
// function begins, as behind a thaw.
//
// Invariant: the kernel calls in between, without the interpreter's lock: only what is noted for
// later is safe.
#include "births.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <boxer/kernel.h>

static int renew(void *unused) {
    (void)unused;
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *done = module ? PyObject_CallMethod(module, "be_born", NULL) : NULL;
    if (!done)
        PyErr_Print(); // its requests are answered all the same, as when a hook of a fork fails
    Py_XDECREF(module);
    Py_XDECREF(done);
    return 0;
}

static void note(void) {
    if (Py_IsInitialized())
        Py_AddPendingCall(renew, NULL);
}

void births_hear(void) {
    kernel_on_life(note);
}
