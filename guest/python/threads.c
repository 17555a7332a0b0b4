// Threads that run to completion.
//
// There is one C stack. A thread that is started is noted, and runs, to its end, when somebody
// waits: for a lock, a join, a sleep, a descriptor. It runs on top of the one who waits, who goes
// on after it. So what is started and then waited for works, in any number; what two threads would
// have to do in turns does not: a thread that waits for one below it on the stack can never be
// woken, and gets a RuntimeError that says so. Where nobody waits, the main thread runs what was
// started some milliseconds later.
//
// An event loop has its workers' tasks done in its own thread (guest/python/appended/asyncio):
// while such a task waits, the loop goes on, on top of it. Which loop, and in whose thread, is told
// by the module _boxer_threads.
//
// Python's own start, join and detach are replaced at the link (recipes/base.py), the rest of its
// threading is as it is: locks, conditions, thread-locals, identities.
//
// Invariants
// 1. A thread is run, and a loop turned, only by somebody who holds no interpreter lock.
// 2. Identity (pthread_self, errno, thread-specific data) is the running thread's own.
#include "threads.h"

#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_pythread.h>

#include <boxer/kernel.h>
#include <stdlib.h>
#include <time.h>

// Each needs some of the stack; with more, the deepest would run out of it.
#define MOST_NESTED 64
#define PATIENCE_MS 250

extern void *__boxer_thread_new(void), *__boxer_thread_switch(void *);
extern void __boxer_thread_free(void *);

struct started {
    void (*function)(void *);
    void *argument, *thread;
    struct started *next;
};

static struct started *first, **last = &first;
static int nested;
static struct timespec noted; // when the last one was started

// turn: a callable, null: no loop's task is being done. state, thread: of the loop.
static struct {
    PyObject *turn;
    PyThreadState *state;
    void *thread;
} loop;

static int run_started(void);

static long milliseconds_since_noted(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - noted.tv_sec) * 1000 + (now.tv_nsec - noted.tv_nsec) / 1000000;
}

// Between two instructions of the main thread. It has not waited for a while: perhaps it never
// will, and looks again and again for what a thread has to do first.
static int run_if_nobody_waits(void *unused) {
    (void)unused;
    if (first && milliseconds_since_noted() >= PATIENCE_MS) {
        PyThreadState *state = PyEval_SaveThread();
        run_started();
        PyEval_RestoreThread(state);
    }
    return first ? Py_AddPendingCall(run_if_nobody_waits, NULL) : 0;
}

static int note(void (*function)(void *), void *argument, void **thread) {
    struct started *started = malloc(sizeof *started);
    *thread = started ? __boxer_thread_new() : NULL;
    if (!*thread) {
        free(started);
        return -1;
    }
    *started = (struct started){function, argument, *thread, NULL};
    *last = started;
    last = &started->next;
    clock_gettime(CLOCK_MONOTONIC, &noted);
    return started == first ? Py_AddPendingCall(run_if_nobody_waits, NULL) : 0;
}

// Runs the thread that was started first. 0: there is none, or it cannot run now.
static int run_started(void) {
    struct started *started = first;
    if (!started || nested >= MOST_NESTED || PyThreadState_GetUnchecked())
        return 0;
    first = started->next;
    if (!first)
        last = &first;
    nested++;
    void *before = __boxer_thread_switch(started->thread);
    started->function(started->argument);
    __boxer_thread_switch(before);
    nested--;
    __boxer_thread_free(started->thread);
    free(started);
    return 1;
}

// What turning the loop came to: 1, something was done. Else when there will be something to do.
static int turned(PyObject *result, int64_t *until_ns) {
    if (!result)
        PyErr_Clear(); // it tells the loop itself
    if (!result || PyBool_Check(result))
        return result == Py_True;
    double seconds = PyFloat_AsDouble(result);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t at = now.tv_sec * 1000000000ll + now.tv_nsec + (int64_t)(seconds * 1e9);
    if (at < *until_ns)
        *until_ns = at;
    return 0;
}

static int turn_loop(int64_t *until_ns) {
    if (!loop.turn || PyThreadState_GetUnchecked())
        return 0;
    PyObject *turn = loop.turn;
    loop.turn = NULL; // what the loop calls may wait too, and then nobody turns it
    void *before = __boxer_thread_switch(loop.thread);
    PyEval_RestoreThread(loop.state);
    PyObject *result = PyObject_CallNoArgs(turn);
    int done = turned(result, until_ns);
    Py_XDECREF(result);
    PyEval_SaveThread();
    __boxer_thread_switch(before);
    loop.turn = turn;
    return done;
}

static int run_another(int64_t *until_ns) {
    if (!until_ns)
        return first || loop.turn;
    return run_started() || turn_loop(until_ns);
}

static PyObject *attend(PyObject *module, PyObject *arguments) {
    (void)module;
    PyObject *turn, *work;
    if (!PyArg_ParseTuple(arguments, "OO:attend", &turn, &work))
        return NULL;
    __typeof__(loop) before = loop;
    loop.turn = turn;
    loop.state = PyThreadState_Get();
    loop.thread = (void *)(uintptr_t)PyThread_get_thread_ident();
    PyObject *result = PyObject_CallNoArgs(work);
    loop = before;
    return result;
}

static PyMethodDef methods[] = {
    {"attend", attend, METH_VARARGS,
     "attend(turn, work)\n--\n\n"
     "Calls work. Where it waits, turn is called again and again, in this thread: True says that it"
     " did something, a float how many seconds there will be nothing to do, False that there is"
     " nothing."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_boxer_threads",
                                        .m_methods = methods};

static PyObject *begin(void) {
    return PyModule_Create(&definition);
}

static int stuck;

// The wait is interrupted, upon which it looks for pending calls, in whatever thread.
static int nothing_left(void) {
    stuck = 1;
    return 1;
}

int __real_Py_MakePendingCalls(void);
int __wrap_Py_MakePendingCalls(void) {
    if (!stuck)
        return __real_Py_MakePendingCalls();
    stuck = 0;
    PyErr_SetString(
        PyExc_RuntimeError,
        "this wait can never end: a box runs one thread at a time, each to its end, and "
        "the thread that could end it is waiting itself. Do the work before waiting "
        "for it, or use asyncio, or a ThreadPoolExecutor (which runs its tasks when "
        "they are submitted)");
    return -1;
}

void threads_begin(void) {
    PyImport_AppendInittab("_boxer_threads", begin);
    kernel_on_wait(run_another, nothing_left);
}

int __wrap_PyThread_start_joinable_thread(void (*function)(void *), void *argument,
                                          PyThread_ident_t *ident, PyThread_handle_t *handle) {
    void *thread;
    if (note(function, argument, &thread) < 0)
        return -1;
    *ident = (PyThread_ident_t)(uintptr_t)thread;
    *handle = (PyThread_handle_t)(uintptr_t)thread;
    return 0;
}

unsigned long __wrap_PyThread_start_new_thread(void (*function)(void *), void *argument) {
    void *thread;
    return note(function, argument, &thread) < 0 ? PYTHREAD_INVALID_THREAD_ID
                                                 : (unsigned long)(uintptr_t)thread;
}

// A thread that has told of its end is over.
int __wrap_PyThread_join_thread(PyThread_handle_t handle) {
    (void)handle;
    return 0;
}

int __wrap_PyThread_detach_thread(PyThread_handle_t handle) {
    (void)handle;
    return 0;
}
