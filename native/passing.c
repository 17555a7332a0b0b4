// The small module by which the engine's WASI is called for files.
//
// Functions of the engine's WASI find the memory through their caller's exports: so they are called
// by a module that exports the box's memory as its own, and hands its calls on.
#define _GNU_SOURCE
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int starts_with(const char *name, const char *start) {
    return strncmp(name, start, strlen(start)) == 0;
}

// What would change numbers, or what others may do with them, is nobody's.
int passing_is(const char *name) {
    if (strcmp(name, "fd_renumber") == 0 || strcmp(name, "fd_fdstat_set_rights") == 0)
        return 0;
    return starts_with(name, "fd_") || starts_with(name, "path_");
}

static void write_type(FILE *text, const struct function *function) {
    fputs("(param", text);
    for (const char *kind = function->parameters; *kind; kind++)
        fputs(*kind == 'I' ? " i64" : " i32", text);
    fputs(") (result i32)", text);
}

static void write_function(FILE *text, const struct function *function) {
    fprintf(text, "(func (export \"%s\") ", function->name);
    write_type(text, function);
    fprintf(text, " (call $%s", function->name);
    for (size_t i = 0; function->parameters[i]; i++)
        fprintf(text, " (local.get %zu)", i);
    fputs("))", text);
}

// Null: no memory.
static char *write_module(size_t *size) {
    char *written = NULL;
    FILE *text = open_memstream(&written, size);
    if (!text)
        return NULL;
    fputs("(module ", text);
    for (int i = 0; i < PREVIEW1_FUNCTIONS; i++) {
        const struct function *function = &preview1_functions[i];
        if (!passing_is(function->name))
            continue;
        fprintf(text, "(import \"\" \"\" (func $%s ", function->name);
        write_type(text, function);
        fputs("))", text);
    }
    fputs("(import \"\" \"\" (memory 0)) (export \"memory\" (memory 0))", text);
    for (int i = 0; i < PREVIEW1_FUNCTIONS; i++)
        if (passing_is(preview1_functions[i].name))
            write_function(text, &preview1_functions[i]);
    fputs(")", text);
    return fclose(text) == 0 ? written : NULL;
}

int passing_tell(char *message, wasmtime_error_t *error, wasm_trap_t *trap) {
    wasm_byte_vec_t text;
    if (error)
        wasmtime.wasmtime_error_message(error, &text);
    else
        wasmtime.wasm_trap_message(trap, &text);
    snprintf(message, 256, "%.*s", (int)text.size, text.data);
    wasmtime.wasm_byte_vec_delete(&text);
    if (error)
        wasmtime.wasmtime_error_delete(error);
    if (trap)
        wasmtime.wasm_trap_delete(trap);
    return -1;
}

wasmtime_module_t *passing_new(wasm_engine_t *engine, char *message) {
    size_t size = 0;
    wasm_byte_vec_t bytes;
    wasmtime_module_t *module = NULL;
    char *text = write_module(&size);
    if (!text) {
        snprintf(message, 256, "no memory");
        return NULL;
    }
    wasmtime_error_t *error = wasmtime.wasmtime_wat2wasm(text, size, &bytes);
    free(text);
    if (!error) {
        error =
            wasmtime.wasmtime_module_new(engine, (const uint8_t *)bytes.data, bytes.size, &module);
        wasmtime.wasm_byte_vec_delete(&bytes);
    }
    if (error)
        passing_tell(message, error, NULL);
    return module;
}
