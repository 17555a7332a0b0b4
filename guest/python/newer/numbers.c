// Integers as CPython 3.14's API gives and takes them, for extension modules made for it.
//
// Belongs here: PyLong_FromInt32 and the like, PyLong_Export, PyLongWriter. Does not: what
// the interpreter has. The interpreter's object defines none of these; the library they lie in is
// linked for modules that ask for them only.
//
// Source: CPython 3.14 documentation, "Integer Objects", "Export API" and "PyLongWriter API".
#define Py_BUILD_CORE 1
#include <Python.h>

#include "pycore_long.h"

typedef struct {
    uint8_t bits_per_digit;
    uint8_t digit_size;
    int8_t digits_order; // -1: the least significant digit first
    int8_t digit_endianness;
} PyLongLayout;

// An int64_t in `value`, or `digits`, which belong to `held`.
typedef struct {
    int64_t value;
    uint8_t negative;
    Py_ssize_t ndigits;
    const void *digits;
    uintptr_t held;
} PyLongExport;

typedef struct {
    int negative;
    Py_ssize_t ndigits;
    digit digits[];
} PyLongWriter;

PyObject *PyLong_FromInt32(int32_t value) {
    return PyLong_FromLong(value);
}

PyObject *PyLong_FromUInt32(uint32_t value) {
    return PyLong_FromUnsignedLong(value);
}

const PyLongLayout *PyLong_GetNativeLayout(void) {
    static const PyLongLayout layout = {
        .bits_per_digit = PyLong_SHIFT,
        .digit_size = sizeof(digit),
        .digits_order = -1,
        .digit_endianness = -1,
    };
    return &layout;
}

int PyLong_Export(PyObject *object, PyLongExport *out) {
    *out = (PyLongExport){0};
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "expected int, got %T", object);
        return -1;
    }
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) {
        out->value = value;
        return 0;
    }
    PyLongObject *number = (PyLongObject *)object;
    out->negative = _PyLong_IsNegative(number);
    out->ndigits = _PyLong_DigitCount(number);
    out->digits = number->long_value.ob_digit;
    out->held = (uintptr_t)Py_NewRef(object);
    return 0;
}

void PyLong_FreeExport(PyLongExport *exported) {
    PyObject *object = (PyObject *)exported->held;
    exported->held = 0;
    Py_XDECREF(object);
}

PyLongWriter *PyLongWriter_Create(int negative, Py_ssize_t ndigits, void **digits) {
    *digits = NULL;
    if (ndigits <= 0) {
        PyErr_SetString(PyExc_ValueError, "ndigits must be positive");
        return NULL;
    }
    if (ndigits > (PY_SSIZE_T_MAX - (Py_ssize_t)sizeof(PyLongWriter)) / (Py_ssize_t)sizeof(digit)) {
        PyErr_NoMemory();
        return NULL;
    }
    PyLongWriter *writer = PyMem_Calloc(1, sizeof *writer + (size_t)ndigits * sizeof(digit));
    if (!writer) {
        PyErr_NoMemory();
        return NULL;
    }
    writer->negative = negative != 0;
    writer->ndigits = ndigits;
    *digits = writer->digits;
    return writer;
}

void PyLongWriter_Discard(PyLongWriter *writer) {
    PyMem_Free(writer);
}

PyObject *PyLongWriter_Finish(PyLongWriter *writer) {
    Py_ssize_t count = writer->ndigits;
    while (count && !writer->digits[count - 1])
        count--;
    PyObject *number;
    if (count <= 2) { // small numbers are shared objects
        long long value = 0;
        for (Py_ssize_t place = count; place > 0; place--)
            value = value << PyLong_SHIFT | writer->digits[place - 1];
        number = PyLong_FromLongLong(writer->negative ? -value : value);
    } else {
        number = (PyObject *)_PyLong_FromDigits(writer->negative, count, writer->digits);
    }
    PyMem_Free(writer);
    return number;
}
