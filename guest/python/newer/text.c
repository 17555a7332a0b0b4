// Strings as CPython 3.14's API makes them, for extension modules made for it.
//
// Belongs here: PyUnicodeWriter, and what is a function there and inline here. Does not: what the
// interpreter has. Its own writer is private and does the work.
//
// Source: CPython 3.14 documentation, "PyUnicodeWriter".
#include <Python.h>

typedef _PyUnicodeWriter PyUnicodeWriter;

PyUnicodeWriter *PyUnicodeWriter_Create(Py_ssize_t length) {
    if (length < 0) {
        PyErr_SetString(PyExc_ValueError, "length must be positive");
        return NULL;
    }
    PyUnicodeWriter *writer = PyMem_Malloc(sizeof *writer);
    if (!writer) {
        PyErr_NoMemory();
        return NULL;
    }
    _PyUnicodeWriter_Init(writer);
    if (length && _PyUnicodeWriter_Prepare(writer, length, 127) < 0) {
        _PyUnicodeWriter_Dealloc(writer);
        PyMem_Free(writer);
        return NULL;
    }
    writer->overallocate = 1;
    return writer;
}

void PyUnicodeWriter_Discard(PyUnicodeWriter *writer) {
    if (!writer)
        return;
    _PyUnicodeWriter_Dealloc(writer);
    PyMem_Free(writer);
}

PyObject *PyUnicodeWriter_Finish(PyUnicodeWriter *writer) {
    PyObject *text = _PyUnicodeWriter_Finish(writer);
    PyMem_Free(writer);
    return text;
}

int PyUnicodeWriter_WriteChar(PyUnicodeWriter *writer, Py_UCS4 character) {
    if (character > 0x10ffff) {
        PyErr_SetString(PyExc_ValueError, "character must be in range(0x110000)");
        return -1;
    }
    return _PyUnicodeWriter_WriteChar(writer, character);
}

int PyUnicodeWriter_WriteUTF8(PyUnicodeWriter *writer, const char *bytes, Py_ssize_t size) {
    if (size < 0)
        size = (Py_ssize_t)strlen(bytes);
    PyObject *text = PyUnicode_DecodeUTF8(bytes, size, NULL);
    if (!text)
        return -1;
    int result = _PyUnicodeWriter_WriteStr(writer, text);
    Py_DECREF(text);
    return result;
}

// The headers have an inline function of that name: calling it here would be calling this one.
void *data_of(PyObject *text) __asm__("PyUnicode_DATA");

void *data_of(PyObject *text) {
    return PyUnicode_IS_COMPACT(text) ? _PyUnicode_COMPACT_DATA(text)
                                      : _PyUnicode_NONCOMPACT_DATA(text);
}
