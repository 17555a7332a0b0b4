// What CPython 3.14's API has for iterators and types, for extension modules made for it.
//
// Source: CPython 3.14 documentation, "Iterator Protocol", "Type Objects".
#include <Python.h>

// 1: `item` is the next one. 0: there is none. -1: an exception is set.
int PyIter_NextItem(PyObject *iterator, PyObject **item) {
    iternextfunc next = Py_TYPE(iterator)->tp_iternext;
    *item = NULL;
    if (!next) {
        PyErr_Format(PyExc_TypeError, "expected an iterator, got '%T'", iterator);
        return -1;
    }
    *item = next(iterator);
    if (*item)
        return 1;
    if (!PyErr_Occurred())
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_StopIteration))
        return -1;
    PyErr_Clear();
    return 0;
}

// Makes a type immutable, all of whose bases are.
int PyType_Freeze(PyTypeObject *type) {
    PyObject *order = type->tp_mro;
    if (!order || !PyTuple_Check(order)) {
        PyErr_SetString(PyExc_TypeError, "unable to get the type MRO");
        return -1;
    }
    for (Py_ssize_t place = 1; place < PyTuple_GET_SIZE(order); place++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(order, place);
        if (!PyType_HasFeature(base, Py_TPFLAGS_IMMUTABLETYPE)) {
            PyErr_Format(PyExc_TypeError, "creating immutable type %s from mutable base %N",
                         type->tp_name, base);
            return -1;
        }
    }
    type->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
    PyType_Modified(type);
    return 0;
}
