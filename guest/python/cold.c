// `python ARGS` started afresh, where there is no frozen interpreter or it was started otherwise:
// Py_BytesMain, with the user's own set-up between the interpreter's start and the program.
#include "births.h"
#include "cold.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "program.h"
#include "signals.h"

void cold_tell(void) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *told = module ? PyObject_CallMethod(module, "leave_out_ours", "O", error) : NULL;
    PyErr_Clear(); // then all frames are shown
    Py_XDECREF(told);
    Py_XDECREF(module);
    PyErr_SetRaisedException(error);
    PyErr_Print();
}

// Without _boxer (another standard library, by PYTHONHOME) the program meets the kernel's own
// answers.
int cold_adjust(void) {
    signals_hear();
    births_hear();
    PyObject *module = program_loaded && *program_loaded ? PyImport_ImportModule("_boxer") : NULL;
    if (!module) {
        PyErr_Clear();
        return 0;
    }
    PyObject *loaded = PyList_New(0);
    for (char **name = program_loaded; loaded && name && *name; name++) {
        PyObject *text = PyUnicode_FromString(*name);
        if (!text || PyList_Append(loaded, text) < 0)
            Py_CLEAR(loaded);
        Py_XDECREF(text);
    }
    PyObject *done = loaded ? PyObject_CallMethod(module, "set_up", "Oi", loaded, 0) : NULL;
    if (!done)
        cold_tell();
    Py_XDECREF(loaded);
    Py_XDECREF(module);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static PyStatus start(int argc, char **argv) {
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
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

int cold_main(int argc, char **argv) {
    PyStatus status = start(argc, argv);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status); // also for -h and -V: they have printed
    return cold_adjust() < 0 ? 1 : Py_RunMain();
}
