// How deep the interpreter's C code may recurse: RecursionError, and never a trap.
//
// WebAssembly code cannot tell how much stack it has left. The host's own limit holds for all of it
// (512 kB in wasmtime's command line; our runtime gives more and says how much). The figures are
// what the greediest way down takes of it, measured with tests/boxes/test_boxes_depth.py:
//   a level of the interpreter's count (half a Python function called from C): 1 kB, and a
//   quarter of it to be safe
//   a level of the parser's: 320 bytes
// The second stack, in memory, is as large as the linker made it. Greediest there is the compiler,
// whose levels are those of its symbol table: 2.7 kB for an `elif`.
#include "depth.h"

#define Py_BUILD_CORE 1
#include <Python.h>

#include "program.h"

enum { USUAL_STACK = 512 << 10, LEVEL = 1280, PARSER_LEVEL = 320, MEMORY_LEVEL = 2784 };
// Upstream's own.
enum { MOST_LEVELS = 10000, MOST_PARSER_LEVELS = 6000 };

extern int boxer_c_recursion_limit, boxer_parser_limit;
// Where data begins: above the stack (wasm-ld --stack-first).
extern char __global_base;

static int at_most(uint32_t value, int most) {
    return value < (uint32_t)most ? (int)value : most;
}

void depth_fit(void) {
    uint32_t stack = program_stack ? program_stack : USUAL_STACK;
    int levels = at_most((uint32_t)(uintptr_t)&__global_base / MEMORY_LEVEL, MOST_LEVELS);
    int limit = at_most(stack / LEVEL, levels);
    PyThreadState *state = PyThreadState_GetUnchecked();
    if (state)
        state->c_recursion_remaining += limit - boxer_c_recursion_limit;
    boxer_c_recursion_limit = limit;
    boxer_parser_limit = at_most(stack / PARSER_LEVEL, MOST_PARSER_LEVELS);
}
