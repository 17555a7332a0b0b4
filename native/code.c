// Compiled code, linked with preview 1 once and for all machines.
#define _GNU_SOURCE
#include "preview1.h"
#include "state.h"

#include <pthread.h>
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

static void module_range(const wasmtime_module_t *module, uintptr_t *start, uintptr_t *end) {
    void *first, *last;
    wasmtime.wasmtime_module_image_range(module, &first, &last);
    *start = (uintptr_t)first;
    *end = (uintptr_t)last;
}

// One for all code of a process, which has one engine.
static wasmtime_linker_t *slots_of(wasm_engine_t *engine) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    static wasmtime_linker_t *slots;
    static wasm_engine_t *of;
    pthread_mutex_lock(&one_at_a_time);
    if (of != engine)
        slots = slots_define(engine);
    of = engine;
    wasmtime_linker_t *found = slots;
    pthread_mutex_unlock(&one_at_a_time);
    return found;
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
    module_range(module, &code->start, &code->end);
    faults_install();
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
    code->slots = slots_of(engine);
    return code;
}

struct watched *boxer_watched_new(const char *library, const wasmtime_module_t *module,
                                  const wasmtime_context_t *context, int (*check)(struct watched *),
                                  char *message) {
    const char *problem = wasmtime_load(library);
    struct watched *watched = problem ? NULL : calloc(1, sizeof *watched);
    if (!watched) {
        snprintf(message, 256, "%s", problem ? problem : "no memory");
        return NULL;
    }
    faults_install();
    watched->check = check;
    watched->context = context;
    module_range(module, &watched->code_start, &watched->code_end);
    return watched;
}

int boxer_watched_begin(struct watched *watched, wasm_engine_t *engine, uint64_t until_ns,
                        uint64_t cpu_until_ns) {
    if (is_interrupting())
        return BOXER_IN_SIGNAL_HANDLER;
    faults_are_ours();
    watched->until_ns = until_ns;
    watched->cpu_until_ns = cpu_until_ns;
    if (watching_begin(watched, engine) == 0)
        return 0;
    watching_end(watched);
    return BOXER_NO_SIGNAL;
}

void boxer_watched_end(struct watched *watched) {
    watching_end(watched);
}

void boxer_watched_free(struct watched *watched) {
    free(watched);
}

void boxer_code_free(struct boxer_code *code) {
    wasmtime.wasmtime_instance_pre_delete(code->blueprint);
    free(code);
}
