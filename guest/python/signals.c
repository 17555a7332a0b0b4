// Signals of the host reach Python code that makes no system call.
//
// The kernel delivers signals at the exit of a system call. A loop of Python code looks at its
// thread's eval_breaker; the host sets a bit of that, CPython then asks for signals as it does
// anyway, and makes a system call where some have arrived (recipes/patches).
#define Py_BUILD_CORE 1
#include "signals.h"

#include <Python.h>
#include <internal/pycore_ceval.h>
#include <internal/pycore_runtime.h>

#include <boxer/kernel.h>

extern int (*boxer_arrived)(void);

static int have_arrived(void) {
    const volatile struct boxer_signals *block = &boxer_signals;
    return block->sent != block->taken;
}

void signals_hear(void) {
    boxer_arrived = have_arrived;
    kernel_on_signal(&_PyRuntime.main_tstate->eval_breaker, _PY_SIGNALS_PENDING_BIT);
}
