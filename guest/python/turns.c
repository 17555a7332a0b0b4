// Python's threads take turns.
//
// They are libc's, and the kernel runs another one where one waits. One that only computes is told
// at the host's tick, by a bit of its eval_breaker: it yields then, and drops the interpreter's
// lock for those that wait for it (recipes/patches).
#include "turns.h"

#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_ceval.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pystate.h>

#include <boxer/kernel.h>
#include <stddef.h>

// A tick costs the host a signal.
enum { SHORTEST_TICK_US = 500, LONGEST_TICK_US = 1000000 };

// libc's: what fork() does in a child, around `end_others`.
extern void __boxer_alone(void (*end_others)(void));

extern void (*boxer_ticks)(int more);

void turns_begin(void) {
    boxer_ticks = kernel_want_ticks;
    boxer_tasks.watched = (uint32_t)(uintptr_t)&_Py_tss_tstate;
    boxer_tasks.offset = offsetof(PyThreadState, eval_breaker);
    boxer_tasks.bits = BOXER_TICK_BIT;
}

void __real__PyEval_SetSwitchInterval(unsigned long microseconds);
void __wrap__PyEval_SetSwitchInterval(unsigned long microseconds) {
    __real__PyEval_SetSwitchInterval(microseconds);
    boxer_tasks.tick_us = microseconds < SHORTEST_TICK_US  ? SHORTEST_TICK_US
                          : microseconds > LONGEST_TICK_US ? LONGEST_TICK_US
                                                           : (uint32_t)microseconds;
}

void turns_end_others(void) {
    kernel_end_fibers();
    if (kernel_tasks() == 1)
        return;
    PyOS_BeforeFork();
    __boxer_alone(kernel_end_others);
    PyOS_AfterFork_Child();
}
