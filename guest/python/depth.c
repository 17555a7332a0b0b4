// How deep the interpreter's C code may recurse: RecursionError, and never a trap.
//
// WebAssembly code cannot tell how much stack it has left. The host's own limit holds for all of it
// (512 kB in wasmtime's command line; our runtime gives more and says how much). The figures are
// what the greediest way down takes of it, measured with tests/boxes/test_boxes_depth.py:
//   a level of the interpreter's count (half a Python function called from C): 1 kB, and a
//   quarter of it to be safe
//   a level of the parser's: 320 bytes
// The second stack lies in memory: the main thread's is as large as the linker made it, another
// thread's as it was started with. A level takes no more of it than of the other; greediest is the
// compiler, whose levels are those of its symbol table: 2.7 kB for an `elif`.
//
// Invariant: the limits are each thread's own. They are set when the interpreter binds a state to
// it.
#define _GNU_SOURCE
#include "depth.h"

#define Py_BUILD_CORE 1
#include <Python.h>

#include "program.h"

#include <pthread.h>

enum { USUAL_STACK = 512 << 10, LEVEL = 1280, PARSER_LEVEL = 320, COMPILER_LEVEL = 2784 };
// What is left for the last call's own needs, and the kernel's.
enum { RESERVE = 16 << 10 };
// Upstream's own.
enum { MOST_LEVELS = 10000, MOST_PARSER_LEVELS = 6000 };

extern __thread int boxer_parser_limit;
extern void (*boxer_fit)(PyThreadState *);

static int at_most(size_t value, int most) {
    return value < (size_t)most ? (int)value : most;
}

static size_t stack_in_memory(void) {
    pthread_attr_t attributes;
    size_t size = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, &size);
    return size > RESERVE ? size - RESERVE : 0;
}

static void set_limits(void) {
    size_t stack = program_stack ? program_stack : USUAL_STACK, memory = stack_in_memory();
    int levels = at_most(stack / LEVEL, at_most(memory / LEVEL, MOST_LEVELS));
    boxer_c_recursion_limit = levels;
    boxer_compiler_limit = at_most(memory / COMPILER_LEVEL, levels);
    boxer_parser_limit = at_most(stack / PARSER_LEVEL, MOST_PARSER_LEVELS);
}

static void fit(PyThreadState *state) {
    set_limits();
    state->c_recursion_remaining = boxer_c_recursion_limit;
}

void depth_fit(void) {
    PyThreadState *state = PyThreadState_GetUnchecked();
    int before = boxer_c_recursion_limit;
    set_limits();
    if (state)
        state->c_recursion_remaining += boxer_c_recursion_limit - before;
    boxer_fit = fit;
}
