// How C passes values in WebAssembly, and the calls there is code for.
//
// Source: WebAssembly tool conventions, "Basic C ABI". A struct with one scalar in it is passed as
// that scalar, any other by address, an empty one not at all; long double as two i64, and returned
// through an address; variable arguments lie in memory, and their address comes last.
#ifndef BOXER_FFI_SHAPE_H
#define BOXER_FFI_SHAPE_H

#include "ffi.h"

enum kind { KIND_NONE, KIND_I, KIND_L, KIND_F, KIND_D };
enum { MOST_PARAMETERS = 12 };

union value {
    int32_t i;
    int64_t l;
    float f;
    double d;
};

// A WebAssembly function's type.
struct shape {
    unsigned count;
    enum kind kinds[MOST_PARAMETERS];
    enum kind result;
};

// Whether there is code to call functions of this shape.
int ffi_shape_served(const struct shape *shape);
// Calls `function`; the result stands in *result unless the shape has none.
void ffi_shape_call(const struct shape *shape, void (*function)(void), const union value *values,
                    union value *result);

#endif
