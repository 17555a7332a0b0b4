// Signals of a Python process while its main thread is inside a machine.
//
// The interpreter notes a signal and runs its handler at the next bytecode, of which there is none
// in here. What a handler raises (KeyboardInterrupt, a test's time-out) ends the run, and
// src/boxer/runtime raises it again.
#define _GNU_SOURCE
#include "machine.h"

#include <dlfcn.h>

// Of CPython's stable ABI, found in the process: the launcher has none of it and does not ask.
struct python {
    int (*gil_ensure)(void);
    void (*gil_release)(int);
    int (*check_signals)(void);
    void (*fetch)(void **type, void **value, void **trace);
    void (*normalize)(void **type, void **value, void **trace);
    int (*set_trace)(void *value, void *trace);
    void (*release)(void *);
};

static int find(struct python *python) {
#define FIND(field, name) (*(void **)&python->field = dlsym(RTLD_DEFAULT, name))
    return FIND(gil_ensure, "PyGILState_Ensure") && FIND(gil_release, "PyGILState_Release") &&
           FIND(check_signals, "PyErr_CheckSignals") && FIND(fetch, "PyErr_Fetch") &&
           FIND(normalize, "PyErr_NormalizeException") &&
           FIND(set_trace, "PyException_SetTraceback") && FIND(release, "Py_DecRef");
#undef FIND
}

int boxer_attend_python(struct boxer_outcome *outcome) {
    struct python python;
    void *type, *value, *trace;
    if (!find(&python))
        return 0;
    int state = python.gil_ensure();
    int raised = python.check_signals() < 0;
    if (raised) {
        python.fetch(&type, &value, &trace);
        python.normalize(&type, &value, &trace);
        if (trace) {
            python.set_trace(value, trace);
            python.release(trace);
        }
        python.release(type);
        outcome->raised = value;
    }
    python.gil_release(state);
    return raised;
}
