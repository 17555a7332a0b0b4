// A call that the interpreter makes, taken off its stack so that it can be made once more.
//
// What belongs here: which calls those are, and where their parts lie. Does not: leaving the stack
// (suspension.c).
//
// Invariants
// 1. Only calls of RETRIED are taken: functions that have done nothing when a signal interrupts
//    them (sendall and its like: that say how much they have done).
// 2. What is kept of a call is what the interpreter's stack holds: the callable and its arguments.
#include "retried.h"

#define Py_BUILD_CORE 1
#include <internal/pycore_code.h>
#include <internal/pycore_opcode_metadata.h>
#include <opcode_ids.h>
#include <string.h>

// Said by the interpreter's loop (patches/cpython.toml).
extern PyObject **boxer_call_top;              // the stack of the last call begun
extern PyObject *boxer_enter, *boxer_exit;     // of the last `with` begun
extern _PyInterpreterFrame *boxer_enter_frame; // in this frame

static const struct retried {
    const char *owner, *name; // a type, or a module
} RETRIED[] = {
    {"_thread.lock", "acquire"},
    {"_thread.lock", "acquire_lock"},
    {"_thread.lock", "__enter__"},
    {"_thread.RLock", "acquire"},
    {"_thread.RLock", "__enter__"},
    {"_thread._ThreadHandle", "join"},
    {"_queue.SimpleQueue", "get"},
    {"time", "sleep"},
    {"select", "select"},
    {"select.poll", "poll"},
    {"select.epoll", "poll"},
    {"_socket.socket", "_accept"},
    {"_socket.socket", "recv"},
    {"_socket.socket", "recv_into"},
    {"_socket.socket", "recvfrom"},
    {"_socket.socket", "recvfrom_into"},
    {"_socket.socket", "recvmsg"},
    {"_socket.socket", "recvmsg_into"},
    {"_socket.socket", "send"},
    {"_socket.socket", "sendall"},
    {"_socket.socket", "sendto"},
    {"_socket.socket", "sendmsg"},
    {"posix", "read"},
    {"posix", "sendfile"},
};

void call_forget(struct call *call) {
    Py_CLEAR(call->callable);
    Py_CLEAR(call->keywords);
    Py_CLEAR(call->exit);
    for (; call->count; call->count--)
        Py_CLEAR(call->arguments[call->count - 1]);
}

static int is_named(const char *owner, const char *name) {
    for (size_t i = 0; owner && i < sizeof RETRIED / sizeof *RETRIED; i++)
        if (strcmp(owner, RETRIED[i].owner) == 0 && strcmp(name, RETRIED[i].name) == 0)
            return 1;
    return 0;
}

static int is_retried(PyObject *callable) {
    if (Py_IS_TYPE(callable, &PyMethodDescr_Type)) {
        PyMethodDescrObject *method = (PyMethodDescrObject *)callable;
        return is_named(method->d_common.d_type->tp_name, method->d_method->ml_name);
    }
    PyObject *self = PyCFunction_CheckExact(callable) ? PyCFunction_GET_SELF(callable) : NULL;
    if (!self)
        return 0;
    const char *name = ((PyCFunctionObject *)callable)->m_ml->ml_name;
    if (PyModule_Check(self))
        return is_named(PyModule_GetName(self), name);
    for (PyTypeObject *type = Py_TYPE(self); type; type = type->tp_base)
        if (is_named(type->tp_name, name))
            return 1;
    return 0;
}

static int take_with(struct call *call, const _PyInterpreterFrame *frame) {
    if (boxer_enter_frame != frame || !is_retried(boxer_enter))
        return 0;
    call_forget(call);
    call->callable = Py_NewRef(boxer_enter);
    call->exit = Py_NewRef(boxer_exit);
    return 1;
}

// On the interpreter's stack: callable, self or null, arguments, and for CALL_KW keywords' names.
static int take_call(struct call *call, _PyInterpreterFrame *frame, size_t count,
                     int has_keywords) {
    PyObject **end = frame->localsplus + _PyFrame_GetCode(frame)->co_framesize;
    PyObject **called = boxer_call_top - has_keywords - count - 2;
    if (count + 1 > MOST_ARGUMENTS || called < frame->localsplus || boxer_call_top > end ||
        !is_retried(called[0]))
        return 0;
    call_forget(call);
    call->callable = Py_NewRef(called[0]);
    for (size_t i = called[1] ? 1 : 2; i < count + 2; i++)
        call->arguments[call->count++] = Py_NewRef(called[i]);
    call->keywords = has_keywords ? Py_NewRef(boxer_call_top[-1]) : NULL;
    return 1;
}

// Takes what the instruction in progress calls; 0: that cannot be called once more.
int call_take(struct call *call, _PyInterpreterFrame *frame) {
    _Py_CODEUNIT instruction = *frame->instr_ptr;
    switch (_PyOpcode_Deopt[instruction.op.code]) {
    case BEFORE_WITH:
        return take_with(call, frame);
    case CALL:
        return take_call(call, frame, instruction.op.arg, 0);
    case CALL_KW:
        return take_call(call, frame, instruction.op.arg, 1);
    default:
        return 0;
    }
}

PyObject *call_again(struct call *call) {
    size_t named = call->keywords ? (size_t)PyTuple_GET_SIZE(call->keywords) : 0;
    return PyObject_Vectorcall(call->callable, call->arguments, call->count - named,
                               call->keywords);
}
