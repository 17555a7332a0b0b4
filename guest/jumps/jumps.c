// What LLVM makes setjmp and longjmp into: a throw that carries the buffer, and at each setjmp the
// question whether the buffer is of this very call.
//
// Only programs that call setjmp hold any of it: WebAssembly exceptions, which not every runtime
// loads (see docs/reference/c-programs.md).
#include <stdint.h>

struct arguments {
    void *env;
    int value;
};

// At the start of a jmp_buf.
struct buffer {
    void *invocation; // of the function that called setjmp
    uint32_t label;   // which of its calls, from 1 on
    struct arguments arguments;
};

void __wasm_setjmp(struct buffer *buffer, uint32_t label, void *invocation) {
    buffer->label = label;
    buffer->invocation = invocation;
}

uint32_t __wasm_setjmp_test(struct buffer *buffer, void *invocation) {
    if (!buffer->label || !buffer->invocation)
        __builtin_trap();
    return buffer->invocation == invocation ? buffer->label : 0;
}

void __wasm_longjmp(struct buffer *buffer, int value) {
    buffer->arguments.env = buffer;
    buffer->arguments.value = value ? value : 1;
    __builtin_wasm_throw(1, &buffer->arguments); // 1: the tag __c_longjmp
}
