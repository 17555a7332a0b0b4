// CPython in the process a machine is entered from: its stable ABI, found while it runs. The
// launcher has none of it and does not ask.
#ifndef BOXER_NATIVE_PYTHON_H
#define BOXER_NATIVE_PYTHON_H

#include <stddef.h>
#include <stdint.h>

typedef struct python_object python_object;
// METH_FASTCALL: with an array of its arguments.
typedef python_object *(*python_function)(python_object *self, python_object *const *arguments,
                                          ptrdiff_t count);

struct python_method {
    const char *name;
    python_function function;
    int flags;
    const char *text;
};

enum { PYTHON_FASTCALL = 0x80 };

// X(result, name, parameters)
#define PYTHON_FUNCTIONS(X)                                                                        \
    X(int, PyGILState_Ensure, (void))                                                              \
    X(void, PyGILState_Release, (int))                                                             \
    X(void *, PyEval_SaveThread, (void))                                                           \
    X(void, PyEval_RestoreThread, (void *))                                                        \
    X(int, PyErr_CheckSignals, (void))                                                             \
    X(void, PyErr_Fetch, (python_object **, python_object **, python_object **))                   \
    X(void, PyErr_NormalizeException, (python_object **, python_object **, python_object **))      \
    X(int, PyException_SetTraceback, (python_object *, python_object *))                           \
    X(void, PyErr_Restore, (python_object *, python_object *, python_object *))                    \
    X(void, PyErr_Clear, (void))                                                                   \
    X(void, Py_IncRef, (python_object *))                                                          \
    X(void, Py_DecRef, (python_object *))                                                          \
    X(python_object *, PyObject_Type, (python_object *))                                           \
    X(python_object *, PyObject_GetAttr, (python_object *, python_object *))                       \
    X(python_object *, PyObject_CallFunctionObjArgs, (python_object *, ...))                       \
    X(python_object *, PyCFunction_NewEx,                                                          \
      (struct python_method *, python_object * self, python_object * module))                      \
    X(python_object *, PyCapsule_New, (void *, const char *, void (*)(python_object *)))           \
    X(void *, PyCapsule_GetPointer, (python_object *, const char *))                               \
    X(python_object *, PyBytes_FromStringAndSize, (const uint8_t *, ptrdiff_t))                    \
    X(int, PyBytes_AsStringAndSize, (python_object *, uint8_t **, ptrdiff_t *))                    \
    X(const uint8_t *, PyUnicode_AsUTF8AndSize, (python_object *, ptrdiff_t *))                    \
    X(ptrdiff_t, PyUnicode_GetLength, (python_object *))                                           \
    X(python_object *, PyUnicode_DecodeUTF8, (const uint8_t *, ptrdiff_t, const char *))           \
    X(python_object *, PyUnicode_InternFromString, (const char *))                                 \
    X(python_object *, PyLong_FromLong, (long))                                                    \
    X(void *, PyLong_AsVoidPtr, (python_object *))                                                 \
    X(long long, PyLong_AsLongLongAndOverflow, (python_object *, int *))                           \
    X(double, PyFloat_AsDouble, (python_object *))                                                 \
    X(char *, PyOS_double_to_string, (double, char, int, int, int *))                              \
    X(void, PyMem_Free, (void *))                                                                  \
    X(ptrdiff_t, PyTuple_Size, (python_object *))                                                  \
    X(python_object *, PyTuple_GetItem, (python_object *, ptrdiff_t))                              \
    X(ptrdiff_t, PyList_Size, (python_object *))                                                   \
    X(python_object *, PyList_GetItem, (python_object *, ptrdiff_t))                               \
    X(int, PyList_Append, (python_object *, python_object *))                                      \
    X(int, PyList_SetSlice, (python_object *, ptrdiff_t, ptrdiff_t, python_object *))              \
    X(int, PyDict_Next, (python_object *, ptrdiff_t *, python_object **, python_object **))

// Types, whose address is what counts.
#define PYTHON_DATA(X)                                                                             \
    X(_Py_NotImplementedStruct)                                                                    \
    X(_Py_NoneStruct)                                                                              \
    X(_Py_TrueStruct)                                                                              \
    X(_Py_FalseStruct)                                                                             \
    X(PyUnicode_Type)                                                                              \
    X(PyLong_Type)                                                                                 \
    X(PyFloat_Type)                                                                                \
    X(PyTuple_Type)                                                                                \
    X(PyList_Type)                                                                                 \
    X(PyDict_Type)

struct python {
#define FIELD(result, name, parameters) result(*name) parameters;
    PYTHON_FUNCTIONS(FIELD)
#undef FIELD
#define FIELD(name) python_object *name;
    PYTHON_DATA(FIELD)
#undef FIELD
};

extern struct python python;

// Whether it is there, and all of the above.
int python_is_here(void);

// The exact type, borrowed: where an object says it in each Python with that stable ABI.
static inline const python_object *python_type(const python_object *object) {
    return ((python_object *const *)object)[1];
}

#endif
