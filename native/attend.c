// The Python process that a machine is entered from: its signals meanwhile, and its function that
// answers a guest.
//
// The interpreter notes a signal and runs its handler at the next bytecode, of which there is none
// in here. What a handler raises (KeyboardInterrupt, a test's time-out) ends the run, and
// src/boxer/runtime raises it again.
#define _GNU_SOURCE
#include "machine.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// Of CPython's stable ABI, found in the process: the launcher has none of it and does not ask.
struct python {
    int (*gil_ensure)(void);
    void (*gil_release)(int);
    int (*check_signals)(void);
    void (*fetch)(void **type, void **value, void **trace);
    void (*normalize)(void **type, void **value, void **trace);
    int (*set_trace)(void *value, void *trace);
    void (*release)(void *);
    void (*clear)(void);
    void *(*bytes_of)(const uint8_t *bytes, ptrdiff_t size);
    int (*bytes_in)(void *object, uint8_t **bytes, ptrdiff_t *size);
    void *(*call)(void *function, ...);
};

static struct python python;
static int is_found;
static void *answerer; // a function of Python: a request's bytes in, a reply's out

static void find(void) {
#define FIND(field, name) (*(void **)&python.field = dlsym(RTLD_DEFAULT, name))
    is_found = FIND(gil_ensure, "PyGILState_Ensure") && FIND(gil_release, "PyGILState_Release") &&
               FIND(check_signals, "PyErr_CheckSignals") && FIND(fetch, "PyErr_Fetch") &&
               FIND(normalize, "PyErr_NormalizeException") &&
               FIND(set_trace, "PyException_SetTraceback") && FIND(release, "Py_DecRef") &&
               FIND(clear, "PyErr_Clear") && FIND(bytes_of, "PyBytes_FromStringAndSize") &&
               FIND(bytes_in, "PyBytes_AsStringAndSize") &&
               FIND(call, "PyObject_CallFunctionObjArgs");
#undef FIND
}

static int has_python(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find);
    return is_found;
}

int boxer_attend_python(struct boxer_outcome *outcome) {
    void *type, *value, *trace;
    if (!has_python())
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

int boxer_ask_python_with(void *function) {
    answerer = function;
    return has_python();
}

int boxer_ask_python(struct boxer_machine *machine, const uint8_t *request, uint64_t size) {
    uint8_t *bytes;
    ptrdiff_t length;
    int state = python.gil_ensure();
    void *given = python.bytes_of(request, (ptrdiff_t)size);
    void *reply = given ? python.call(answerer, given, NULL) : NULL;
    int failed = !reply || python.bytes_in(reply, &bytes, &length) < 0 ||
                 boxer_machine_answer(machine, bytes, (uint64_t)length) < 0;
    python.clear();
    if (reply)
        python.release(reply);
    if (given)
        python.release(given);
    python.gil_release(state);
    return failed;
}
