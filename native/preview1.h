// The functions of WASI preview 1, in the order of their names.
#ifndef BOXER_NATIVE_PREVIEW1_H
#define BOXER_NATIVE_PREVIEW1_H

#include "state.h"

#define PREVIEW1_MODULE "wasi_snapshot_preview1"

// parameters: i: i32, I: i64. answer: a WASI errno, or STREAM_OVER: the run has ended.
struct function {
    const char *name, *parameters;
    int (*answer)(struct boxer_machine *, const wasmtime_val_raw_t *);
};
enum { PREVIEW1_FUNCTIONS = 46 };
extern const struct function preview1_functions[PREVIEW1_FUNCTIONS];

// All of them in a linker: null or an error.
wasmtime_error_t *preview1_define(wasmtime_linker_t *);

#endif
