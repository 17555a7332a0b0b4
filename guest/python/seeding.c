// Python's `random` in a life that begins as its image was frozen: seeded when it is first asked.
//
// The module seeds its generator after each fork, with 2,496 random bytes: that takes as long as a
// short call, and most calls ask for no random number. So the methods of `_random.Random` are
// exchanged at the freeze for ones that seed `random`'s generator, put the methods back, and go on.
//
// Invariant: no method of `_random.Random` reads or sets the state of `random`'s generator in a
// life before it was seeded there; that and putting the methods back is one step for all threads.
#define PY_SSIZE_T_CLEAN
#include "seeding.h"

typedef PyObject *fast_method(PyObject *, PyObject *const *, Py_ssize_t);

enum { RANDOM, GETRANDBITS, GETSTATE, SETSTATE, SEED, METHODS };

static PyObject *generator;
static PyMethodDef *definitions[METHODS];
static PyCFunction own[METHODS];

static fast_method *own_seed(void) {
    return (fast_method *)(void (*)(void))own[SEED];
}

static void seed(void) {
    PyObject *done = own_seed()(generator, NULL, 0);
    if (!done)
        PyErr_WriteUnraisable(generator);
    Py_XDECREF(done);
    for (int i = 0; i < METHODS; i++)
        definitions[i]->ml_meth = own[i];
}

static PyObject *first_random(PyObject *self, PyObject *nothing) {
    seed();
    return own[RANDOM](self, nothing);
}

static PyObject *first_getrandbits(PyObject *self, PyObject *count) {
    seed();
    return own[GETRANDBITS](self, count);
}

static PyObject *first_getstate(PyObject *self, PyObject *nothing) {
    seed();
    return own[GETSTATE](self, nothing);
}

static PyObject *first_setstate(PyObject *self, PyObject *state) {
    seed();
    return own[SETSTATE](self, state);
}

static PyObject *first_seed(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    seed();
    return own_seed()(self, arguments, count);
}

static const struct {
    const char *name;
    int flags;
    PyCFunction first;
} methods[METHODS] = {
    [RANDOM] = {"random", METH_NOARGS, first_random},
    [GETRANDBITS] = {"getrandbits", METH_O, first_getrandbits},
    [GETSTATE] = {"getstate", METH_NOARGS, first_getstate},
    [SETSTATE] = {"setstate", METH_O, first_setstate},
    [SEED] = {"seed", METH_FASTCALL, (PyCFunction)(void (*)(void))first_seed},
};

// What the generator's class is made of. Null: of something else.
static PyTypeObject *type_of(PyObject *instance) {
    PyTypeObject *type = Py_TYPE(instance)->tp_base;
    return type && strcmp(type->tp_name, "_random.Random") == 0 ? type : NULL;
}

// 0: there is no such method.
static int find(PyTypeObject *type, int method) {
    PyObject *found = PyObject_GetAttrString((PyObject *)type, methods[method].name);
    PyMethodDef *definition = found && Py_IS_TYPE(found, &PyMethodDescr_Type)
                                  ? ((PyMethodDescrObject *)found)->d_method
                                  : NULL;
    Py_XDECREF(found); // the type holds it
    if (!found)
        PyErr_Clear();
    if (!definition || definition->ml_flags != methods[method].flags)
        return 0;
    definitions[method] = definition;
    return 1;
}

int seeding_put_off(PyObject *instance) {
    PyTypeObject *type = type_of(instance);
    for (int i = 0; i < METHODS; i++)
        if (!type || !find(type, i))
            return 0;
    Py_XSETREF(generator, Py_NewRef(instance));
    for (int i = 0; i < METHODS; i++) {
        if (definitions[i]->ml_meth != methods[i].first)
            own[i] = definitions[i]->ml_meth;
        definitions[i]->ml_meth = methods[i].first;
    }
    return 1;
}
