// Threads that take turns on one C stack.
//
// A thread that is started is noted, and runs when somebody waits: for a lock, a join, a sleep, a
// descriptor. It runs on top of the one who waits. Where it waits itself, in a call that its own
// Python code made (suspension.c), it leaves the stack to the one below, its frames stay in the
// heap, and it has its next turn when somebody waits again. Where it waits in C code that Python
// code was called from (a sort's key, a finalizer, an import), it keeps the stack, and others run
// on top of it until its wait is over; if only a thread below it could end that wait, it gets a
// RuntimeError that says so. Where nobody waits, the main thread runs what was started some
// milliseconds later.
//
// Python's own start, join and detach are replaced at the link (recipes/base.py), the rest of its
// threading is as it is: locks, conditions, thread-locals, identities.
//
// Invariants
// 1. A thread is run only by somebody who holds no interpreter lock.
// 2. Identity (pthread_self, errno, thread-specific data) is the running thread's own.
// 3. The queue holds each thread that has not ended and does not run, once.
#include "threads.h"
#include "suspension.h"

#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_pythread.h>

#include <boxer/kernel.h>
#include <stdlib.h>
#include <time.h>

// Each that keeps the stack needs some of it; with more, the deepest would run out of it.
#define MOST_NESTED 64
#define PATIENCE_MS 250

extern void *__boxer_thread_new(void), *__boxer_thread_switch(void *);
extern void __boxer_thread_free(void *);

struct started {
    void (*function)(void *);
    void *argument, *thread;
    struct suspension *suspended; // null: it has not begun
    struct started *next;
};

static struct started *first, **last = &first, *running;
static int nested, waiting;   // how deep; how many of the queue have not begun
static struct timespec noted; // when the last one was started

static int run_others(void);

static long milliseconds_since_noted(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - noted.tv_sec) * 1000 + (now.tv_nsec - noted.tv_nsec) / 1000000;
}

// Between two instructions of the main thread. It has not waited for a while: perhaps it never
// will, and looks again and again for what a thread has to do first.
static int run_if_nobody_waits(void *unused) {
    (void)unused;
    if (waiting && milliseconds_since_noted() >= PATIENCE_MS) {
        PyThreadState *state = PyEval_SaveThread();
        run_others();
        PyEval_RestoreThread(state);
    }
    return waiting ? Py_AddPendingCall(run_if_nobody_waits, NULL) : 0;
}

static void queue(struct started *started) {
    started->next = NULL;
    *last = started;
    last = &started->next;
}

static struct started *next_of_queue(void) {
    struct started *started = first;
    first = started->next;
    if (!first)
        last = &first;
    return started;
}

static int note(void (*function)(void *), void *argument, void **thread) {
    struct started *started = malloc(sizeof *started);
    *thread = started ? __boxer_thread_new() : NULL;
    if (!*thread) {
        free(started);
        return -1;
    }
    *started = (struct started){function, argument, *thread, NULL, NULL};
    queue(started);
    clock_gettime(CLOCK_MONOTONIC, &noted);
    return waiting++ ? 0 : Py_AddPendingCall(run_if_nobody_waits, NULL);
}

static void end(struct started *started) {
    suspension_free(started->suspended);
    __boxer_thread_free(started->thread);
    free(started);
}

// One turn. 1: it got on.
static int run(struct started *started) {
    if (!started->suspended) {
        waiting--;
        started->suspended = suspension_new();
        if (!started->suspended) {
            waiting++;
            queue(started);
            return 0;
        }
    } else if (suspension_is_lost(started->suspended)) { // the interpreter has ended meanwhile
        end(started);
        return 1;
    }
    nested++;
    struct started *below = running;
    running = started;
    void *before = __boxer_thread_switch(started->thread);
    started->function(started->argument);
    __boxer_thread_switch(before);
    running = below;
    nested--;
    int got_on = suspension_got_on(started->suspended);
    if (suspension_is_over(started->suspended))
        end(started);
    else
        queue(started);
    return got_on;
}

// A turn for each of the queue, until one gets on. 0: none did, or none can run now.
static int run_others(void) {
    if (nested >= MOST_NESTED || PyThreadState_GetUnchecked())
        return 0;
    size_t count = 0;
    for (struct started *started = first; started; started = started->next)
        count++;
    while (count-- && first)
        if (run(next_of_queue()))
            return 1;
    return 0;
}

static int give_way(int64_t deadline_ns, int host_may_end_it) {
    struct suspension *own = running ? running->suspended : NULL;
    if (own && suspension_is_due(own))
        return KERNEL_WAIT_IS_OVER;
    if (own && !host_may_end_it && suspension_begin(own, deadline_ns))
        return KERNEL_WAIT_IS_LEFT;
    return run_others() ? KERNEL_OTHERS_RAN : KERNEL_NOBODY_RAN;
}

static int64_t next_deadline(void) {
    int64_t earliest = INT64_MAX;
    for (struct started *started = first; started; started = started->next) {
        int64_t own = started->suspended ? suspension_deadline(started->suspended) : INT64_MAX;
        earliest = own < earliest ? own : earliest;
    }
    return earliest;
}

static int stuck;

// The wait is interrupted, upon which it looks for pending calls, in whatever thread.
static int nothing_left(void) {
    stuck = 1;
    return 1;
}

static int interrupted(void) {
    if (running && suspension_interrupts(running->suspended))
        return -1;
    if (!stuck)
        return 0;
    stuck = 0;
    PyErr_SetString(
        PyExc_RuntimeError,
        "this wait can never end: a box runs one thread at a time, and all others wait too, or "
        "wait below this one. Do the work before waiting for it, or use asyncio");
    return -1;
}

void threads_forget(void) {
    while (first)
        end(next_of_queue());
    waiting = 0;
}

static struct suspension *suspension_of_running(void) {
    return running->suspended;
}

void threads_begin(void) {
    static const struct kernel_waits waits = {give_way, next_deadline, nothing_left};
    kernel_on_wait(&waits);
    suspension_install(suspension_of_running, interrupted);
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
