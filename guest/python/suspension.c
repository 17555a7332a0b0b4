// A thread's frames without its C stack, while the thread waits.
//
// The interpreter runs Python functions that call each other in one C function. A call of C code
// that would wait can so be left: the C function is interrupted (as by a signal) and returns an
// error, and the interpreter, instead of raising it, returns with all frames as they are
// (patches/cpython.toml). To go on, the same call is made once more, with the arguments it had;
// what comes of it is what the frames see. A wait keeps the deadline it had first.
//
// Invariants
// 1. Only calls that can be made once more are left (retried.c).
// 2. Only where the whole stack of the thread is one interpreter loop and that one C function.
#include "suspension.h"
#include "retried.h"

#include <internal/pycore_pystate.h>
#include <stdlib.h>
#include <time.h>

// Between the interpreter's loop and this file (patches/cpython.toml).
extern _PyInterpreterFrame *boxer_leaving, *boxer_left; // about to be left; left
extern PyObject *boxer_result, *boxer_result_below;     // what the frames see
extern Py_ssize_t boxer_sent, boxer_sent_before;        // what sendall has done
extern int (*boxer_interrupted)(void);
extern PyObject *(*boxer_thread_call)(PyObject *, PyObject *, PyObject *);
extern int (*boxer_thread_has_begun)(void), (*boxer_thread_is_left)(void);
#define GO_ON 2 // throwflag

struct suspension {
    PyThreadState *state;
    _PyInterpreterFrame *frame; // the innermost; null: not suspended
    struct call call;
    Py_ssize_t sent;
    int64_t deadline;
    int begun, again, leaving, got_on, over;
};

static struct suspension *(*running)(void);

struct suspension *suspension_new(void) {
    struct suspension *new = calloc(1, sizeof *new);
    if (new)
        *new = (struct suspension){.deadline = INT64_MAX, .got_on = 1, .over = 1};
    return new;
}

void suspension_free(struct suspension *self) {
    free(self);
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int suspension_is_due(const struct suspension *self) {
    return self->again && self->deadline != INT64_MAX && now_ns() >= self->deadline;
}

int64_t suspension_deadline(const struct suspension *self) {
    return self->frame ? self->deadline : INT64_MAX;
}

int suspension_got_on(const struct suspension *self) {
    return self->got_on;
}

int suspension_is_over(const struct suspension *self) {
    return self->over;
}

int suspension_is_lost(const struct suspension *self) {
    return _PyThreadState_MustExit(self->state);
}

// The one interpreter loop of the thread has nothing but C code of one call above it.
static int is_one_loop(const _PyInterpreterFrame *frame) {
    while (frame && frame->owner != FRAME_OWNED_BY_CSTACK)
        frame = frame->previous;
    return frame && !frame->previous;
}

int suspension_begin(struct suspension *self, int64_t deadline_ns) {
    self->leaving = 0;
    boxer_leaving = NULL;
    if (!self->again) {
        _PyInterpreterFrame *frame = self->state ? self->state->current_frame : NULL;
        if (!is_one_loop(frame) || !call_take(&self->call, frame))
            return 0;
        self->frame = frame;
        self->deadline = deadline_ns;
        self->sent = 0;
    }
    self->leaving = 1;
    return 1;
}

int suspension_interrupts(struct suspension *self) {
    if (!self->leaving || (!self->again && self->state->current_frame != self->frame))
        return 0;
    self->leaving = 0;
    self->sent = boxer_sent;
    boxer_leaving = self->frame;
    PyErr_SetNone(PyExc_InterruptedError);
    return 1;
}

// Makes the call once more, and lets the frames see what comes of it.
static PyObject *go_on(struct suspension *self) {
    PyThreadState *state = self->state;
    Py_ssize_t sent = self->sent;
    state->current_frame = self->frame;
    self->again = 1;
    boxer_sent_before = self->sent;
    PyObject *result = call_again(&self->call);
    boxer_sent_before = 0;
    self->again = self->leaving = 0;
    state->current_frame = NULL;
    if (boxer_leaving) {
        boxer_leaving = NULL;
        PyErr_Clear();
        self->got_on = self->sent != sent;
        boxer_left = self->frame;
        return Py_NewRef(Py_None);
    }
    self->got_on = 1;
    _PyInterpreterFrame *frame = self->frame;
    self->frame = NULL;
    boxer_result = result;
    boxer_result_below = self->call.exit ? Py_NewRef(self->call.exit) : NULL;
    call_forget(&self->call);
    return _PyEval_EvalFrameDefault(state, frame, GO_ON);
}

static PyObject *call(PyObject *function, PyObject *arguments, PyObject *keywords) {
    struct suspension *self = running();
    self->got_on = 0;
    if (self->frame)
        return go_on(self);
    self->state = PyThreadState_Get();
    self->begun = self->got_on = 1;
    return PyObject_Call(function, arguments, keywords);
}

static int has_begun(void) {
    return running()->begun;
}

static int is_left(void) {
    struct suspension *self = running();
    self->frame = boxer_left;
    self->over = !boxer_left;
    boxer_left = NULL;
    if (self->over)
        call_forget(&self->call);
    return !self->over;
}

void suspension_install(struct suspension *(*of_running)(void), int (*interrupted)(void)) {
    running = of_running;
    boxer_interrupted = interrupted;
    boxer_thread_call = call;
    boxer_thread_has_begun = has_begun;
    boxer_thread_is_left = is_left;
}
