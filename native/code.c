// Compiled code, linked with preview 1 once and for all machines.
#define _GNU_SOURCE
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t boxer_native_abi(void) {
    return BOXER_NATIVE_ABI;
}

static void tell(char *message, wasmtime_error_t *error) {
    wasm_byte_vec_t text;
    wasmtime.wasmtime_error_message(error, &text);
    snprintf(message, 256, "%.*s", (int)text.size, text.data);
    wasmtime.wasm_byte_vec_delete(&text);
    wasmtime.wasmtime_error_delete(error);
}

struct boxer_code *boxer_code_new(const char *library, wasm_engine_t *engine,
                                  const wasmtime_module_t *module, uint64_t stack, char *message) {
    const char *problem = wasmtime_load(library);
    struct boxer_code *code = problem ? NULL : calloc(1, sizeof *code);
    if (!code) {
        snprintf(message, 256, "%s", problem ? problem : "no memory");
        return NULL;
    }
    code->engine = engine;
    code->stack = stack;
    tracking_install();
    // Lives as long as the process: instances keep pointing to its functions.
    wasmtime_linker_t *linker = wasmtime.wasmtime_linker_new(engine);
    wasmtime_error_t *error = preview1_define(linker);
    if (!error)
        error = wasmtime.wasmtime_linker_instantiate_pre(linker, module, &code->blueprint);
    if (error) {
        tell(message, error);
        free(code);
        return NULL;
    }
    return code;
}

void boxer_code_free(struct boxer_code *code) {
    wasmtime.wasmtime_instance_pre_delete(code->blueprint);
    free(code);
}
