#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *result) {
    *(int *)result = 42;
    return NULL;
}

static PyObject *threaded(PyObject *self, PyObject *none) {
    int result = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &result)) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_BEGIN_ALLOW_THREADS
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(result);
}

static PyObject *forked(PyObject *self, PyObject *none) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(7);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromLong(WEXITSTATUS(status));
}

static PyMethodDef methods[] = {
    {"threaded", threaded, METH_NOARGS, NULL},
    {"forked", forked, METH_NOARGS, NULL},
    {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "spin", NULL, -1, methods};

PyMODINIT_FUNC PyInit_spin(void) {
    return PyModule_Create(&module);
}
