// `python ARGS` started afresh, where there is no frozen interpreter or it was started otherwise:
// Py_BytesMain, with what a box adds to an interpreter between its start and the program.
#include "cold.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "program.h"
#include "signals.h"

// Without it (another standard library, by PYTHONHOME) the program meets the kernel's own answers.
static void adjust(void) {
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *done = module ? PyObject_CallMethod(module, "adjust", NULL) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(done);
    PyErr_Clear();
}

static PyStatus start(int argc, char **argv, int allocator) {
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    before.allocator = allocator;
    PyStatus status = Py_PreInitializeFromBytesArgs(&before, argc, argv);
    if (PyStatus_Exception(status))
        return status;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    status = PyConfig_SetBytesArgv(&config, argc, argv);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

int cold_main(int argc, char **argv, int allocator) {
    PyStatus status = start(argc, argv, allocator);
    if (program_nested && PyStatus_IsExit(status))
        return status.exitcode;
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status); // also for -h and -V: they have printed
    signals_hear();
    adjust();
    return Py_RunMain();
}
