// What a life needs anew in the surroundings its image was frozen in: random numbers, and what the
// program asks to be told.
//
// A thaw is a fork whose parent is the image: what modules have registered for forks is called
// (os.register_at_fork), for that is how they come by other random numbers. What PyOS_BeforeFork
// and PyOS_AfterFork_Child do besides is about threads and locks, as is what some modules of the
// standard library register: nothing of it can have changed, for one thread froze, and goes on.
// Each page it wrote to would have to be put back after each call.
//
// Invariant: what is not known to be about threads alone is called.
#include "fresh.h"
#include "seeding.h"

#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pystate.h>

static PyObject *before, *after; // lists of functions, or null
static int has_more;             // _boxer.renew has something to do

// Those that _boxer.of_a_life says yes to. Null with *failed, or where there are none.
static PyObject *chosen(PyObject *module, PyObject *functions, PyObject *seeded, int *failed) {
    PyObject *list =
        functions ? PyObject_CallMethod(module, "of_a_life", "OO", functions, seeded) : NULL;
    *failed |= functions && !list;
    if (list && PyList_GET_SIZE(list) == 0)
        Py_CLEAR(list);
    return list;
}

int fresh_settle(void) {
    PyInterpreterState *interpreter = _PyInterpreterState_GET();
    PyObject *module = PyImport_ImportModule("_boxer");
    if (!module)
        return -1;
    PyObject *seeded = PyObject_CallMethod(module, "generator", NULL);
    if (seeded && !seeding_put_off(seeded))
        Py_SETREF(seeded, Py_NewRef(Py_None));
    int failed = !seeded;
    if (seeded) {
        Py_XSETREF(before, chosen(module, interpreter->before_forkers, seeded, &failed));
        Py_XSETREF(after, chosen(module, interpreter->after_forkers_child, seeded, &failed));
    }
    Py_XDECREF(seeded);
    PyObject *more = PyObject_CallMethod(module, "has_to_renew", NULL);
    has_more = more ? PyObject_IsTrue(more) : -1;
    Py_XDECREF(more);
    Py_DECREF(module);
    return failed || has_more < 0 ? -1 : 0;
}

static void call(PyObject *function) {
    PyObject *result = PyObject_CallNoArgs(function);
    if (!result)
        PyErr_WriteUnraisable(function);
    Py_XDECREF(result);
}

// As `wake` of guest/python/_boxer.py, which may raise.
static int renew(void) {
    PyObject *module = PyImport_ImportModule("_boxer");
    PyObject *result = module ? PyObject_CallMethod(module, "renew", NULL) : NULL;
    if (!result)
        PyErr_Print();
    Py_XDECREF(result);
    Py_XDECREF(module);
    return result ? 0 : -1;
}

int fresh_begin(void) {
    for (Py_ssize_t i = before ? PyList_GET_SIZE(before) : 0; i > 0; i--)
        call(PyList_GET_ITEM(before, i - 1));
    for (Py_ssize_t i = 0; after && i < PyList_GET_SIZE(after); i++)
        call(PyList_GET_ITEM(after, i));
    return has_more ? renew() : 0;
}
