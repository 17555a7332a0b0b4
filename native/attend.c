// The Python process that a machine is entered from: its signals meanwhile, and its function that
// answers a guest.
//
// The interpreter notes a signal and runs its handler at the next bytecode, of which there is none
// in here. What a handler raises (KeyboardInterrupt, a test's time-out) ends the run, and
// src/boxer/runtime raises it again.
#include "machine.h"
#include "python.h"

static python_object *answerer; // a function of Python: a request's bytes in, a reply's out

int boxer_attend_python(struct boxer_outcome *outcome) {
    python_object *type, *value, *trace;
    if (!python_is_here())
        return 0;
    int state = python.PyGILState_Ensure();
    int raised = python.PyErr_CheckSignals() < 0;
    if (raised) {
        python.PyErr_Fetch(&type, &value, &trace);
        python.PyErr_NormalizeException(&type, &value, &trace);
        if (trace) {
            python.PyException_SetTraceback(value, trace);
            python.Py_DecRef(trace);
        }
        python.Py_DecRef(type);
        outcome->raised = value;
    }
    python.PyGILState_Release(state);
    return raised;
}

int boxer_ask_python_with(void *function) {
    answerer = function;
    return python_is_here();
}

int boxer_ask_python(struct boxer_machine *machine, const uint8_t *request, uint64_t size) {
    uint8_t *bytes;
    ptrdiff_t length;
    int state = python.PyGILState_Ensure();
    python_object *given = python.PyBytes_FromStringAndSize(request, (ptrdiff_t)size);
    python_object *reply =
        given ? python.PyObject_CallFunctionObjArgs(answerer, given, NULL) : NULL;
    int failed = !reply || python.PyBytes_AsStringAndSize(reply, &bytes, &length) < 0 ||
                 boxer_machine_answer(machine, bytes, (uint64_t)length) < 0;
    python.PyErr_Clear();
    if (reply)
        python.Py_DecRef(reply);
    if (given)
        python.Py_DecRef(given);
    python.PyGILState_Release(state);
    return failed;
}
