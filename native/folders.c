// Folders that a machine is given: what its calls for files go through (files.c) is made here.
//
// wasmtime's path walking (cap-std) is what keeps a guest inside a mounted folder, symbolic links
// and `..` included; we write no such code. Its functions find the memory through their caller's
// exports: they are called by a small module that exports the box's memory as its own.
//
// Invariants
// 1. A machine without folders has none of this: the engine's WASI is asked for nothing.
// 2. A folder is reachable only through a mount that names it, read-only where it says so.
// 3. What the engine's threads were to do is asked for in no child of a process that has used them:
//    it would be waited for in vain.
#define _GNU_SOURCE
#include "files.h"
#include "preview1.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The box's instance and the one that calls.
enum { WAYS = PREVIEW1_FUNCTIONS, INSTANCES = 2, MOST_TABLE_ENTRIES = 1 << 20 };

// One for all machines of a process, which has one engine.
static struct {
    pthread_mutex_t lock;
    wasm_engine_t *engine;
    wasmtime_linker_t *wasi;
    wasmtime_module_t *caller;
    volatile int is_used, is_orphan;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int starts_with(const char *name, const char *start) {
    return strncmp(name, start, strlen(start)) == 0;
}

// What would change numbers, or what others may do with them, is nobody's.
static int is_passed(const char *name) {
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

static void write_call(FILE *text, const struct function *function) {
    fprintf(text, "(func (export \"%s\") ", function->name);
    write_type(text, function);
    fprintf(text, " (call $%s", function->name);
    for (size_t i = 0; function->parameters[i]; i++)
        fprintf(text, " (local.get %zu)", i);
    fputs("))", text);
}

// A module that hands its calls on with the box's memory as its own. Null: no memory.
static char *write_caller(size_t *size) {
    char *written = NULL;
    FILE *text = open_memstream(&written, size);
    if (!text)
        return NULL;
    fputs("(module ", text);
    for (int i = 0; i < WAYS; i++) {
        const struct function *function = &preview1_functions[i];
        if (!is_passed(function->name))
            continue;
        fprintf(text, "(import \"\" \"\" (func $%s ", function->name);
        write_type(text, function);
        fputs("))", text);
    }
    fputs("(import \"\" \"\" (memory 0)) (export \"memory\" (memory 0))", text);
    for (int i = 0; i < WAYS; i++)
        if (is_passed(preview1_functions[i].name))
            write_call(text, &preview1_functions[i]);
    fputs(")", text);
    return fclose(text) == 0 ? written : NULL;
}

static int tell(char *message, wasmtime_error_t *error, wasm_trap_t *trap) {
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

static int complain(char *message, const char *problem) {
    snprintf(message, 256, "%s", problem);
    return -1;
}

static int make_caller(wasm_engine_t *engine, char *message) {
    size_t size = 0;
    wasm_byte_vec_t module;
    char *text = write_caller(&size);
    if (!text)
        return complain(message, "no memory");
    wasmtime_error_t *error = wasmtime.wasmtime_wat2wasm(text, size, &module);
    free(text);
    if (error)
        return tell(message, error, NULL);
    error = wasmtime.wasmtime_module_new(engine, (const uint8_t *)module.data, module.size,
                                         &shared.caller);
    wasmtime.wasm_byte_vec_delete(&module);
    return error ? tell(message, error, NULL) : 0;
}

static int make_shared(wasm_engine_t *engine, char *message) {
    wasmtime_linker_t *linker = wasmtime.wasmtime_linker_new(engine);
    wasmtime_error_t *error = wasmtime.wasmtime_linker_define_wasi(linker);
    if (error)
        return tell(message, error, NULL);
    if (make_caller(engine, message) < 0)
        return -1;
    shared.wasi = linker; // lives as long as the process
    shared.engine = engine;
    return 0;
}

static int have_shared(wasm_engine_t *engine, char *message) {
    pthread_mutex_lock(&shared.lock);
    int made = shared.engine == engine ? 0 : make_shared(engine, message);
    pthread_mutex_unlock(&shared.lock);
    return made;
}

int files_begin_use(void) {
    shared.is_used = 1;
    return shared.is_orphan ? -1 : 0;
}

static void note_fork(void) {
    pthread_mutex_init(&shared.lock, NULL);
    shared.is_orphan = shared.is_used;
}

__attribute__((constructor)) static void survive_fork(void) {
    pthread_atfork(NULL, NULL, note_fork);
}

// The engine's functions, by their order in the module.
static int find_functions(struct boxer_machine *machine, wasmtime_extern_t *found) {
    int count = 0;
    for (int i = 0; i < WAYS; i++) {
        const char *name = preview1_functions[i].name;
        if (is_passed(name) && !wasmtime.wasmtime_linker_get(
                                   shared.wasi, machine->context, PREVIEW1_MODULE,
                                   strlen(PREVIEW1_MODULE), name, strlen(name), &found[count++]))
            return -1;
    }
    found[count++] =
        (wasmtime_extern_t){.kind = WASMTIME_EXTERN_MEMORY, .of.memory = machine->memory};
    return count;
}

static int connect(struct boxer_machine *machine, struct files *files, char *message) {
    wasmtime_extern_t imports[WAYS + 1], export;
    wasmtime_instance_t instance;
    wasm_trap_t *trap = NULL;
    int count = find_functions(machine, imports);
    if (count < 0)
        return complain(message, "the engine lacks a function for files");
    wasmtime.wasmtime_store_limiter(machine->store, (int64_t)machine->memory_limit,
                                    MOST_TABLE_ENTRIES, INSTANCES, 1, 1);
    wasmtime_error_t *error = wasmtime.wasmtime_instance_new(
        machine->context, shared.caller, imports, (size_t)count, &instance, &trap);
    if (error || trap)
        return tell(message, error, trap);
    for (int i = 0; i < WAYS; i++) {
        const char *name = preview1_functions[i].name;
        if (is_passed(name) && wasmtime.wasmtime_instance_export_get(machine->context, &instance,
                                                                     name, strlen(name), &export))
            files->of[i] = export.of.func;
    }
    return 0;
}

// Owned by the machine's store.
static int give_folders(struct boxer_machine *machine, struct files *files,
                        const struct boxer_folder *folders, uint32_t count, char *message) {
    wasi_config_t *config = wasmtime.wasi_config_new();
    for (uint32_t i = 0; i < count; i++) {
        int opened = open(folders[i].host, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (opened >= 0)
            files->folders[files->count++] = (struct folder){opened, folders[i].read_only != 0};
        if (opened < 0 || !wasmtime.wasi_config_preopen_dir(
                              config, folders[i].host, folders[i].name, !folders[i].read_only)) {
            wasmtime.wasi_config_delete(config);
            snprintf(message, 256, "`%s` cannot be opened as a folder", folders[i].host);
            return -1;
        }
    }
    wasmtime_error_t *error = wasmtime.wasmtime_context_set_wasi(machine->context, config);
    return error ? tell(message, error, NULL) : 0;
}

static struct files *new_files(uint32_t count) {
    struct files *files = calloc(1, sizeof *files);
    if (files && !(files->folders = calloc(count, sizeof *files->folders))) {
        free(files);
        return NULL;
    }
    return files;
}

int boxer_machine_mount(struct boxer_machine *machine, const struct boxer_folder *folders,
                        uint32_t count, char *message) {
    if (machine->files || count == 0)
        return complain(message, "a machine is given its folders once");
    if (shared.is_orphan)
        return complain(message, "this process was forked from one that had used mounted folders,"
                                 " whose threads are not here");
    if (have_shared(machine->code->engine, message) < 0)
        return -1;
    struct files *files = new_files(count);
    if (!files)
        return complain(message, "no memory");
    if (give_folders(machine, files, folders, count, message) < 0 ||
        connect(machine, files, message) < 0) {
        files_free(files);
        return -1;
    }
    machine->files = files;
    machine->folders = count;
    return 0;
}

void files_free(struct files *files) {
    if (!files)
        return;
    for (uint32_t i = 0; i < files->count; i++)
        close(files->folders[i].descriptor);
    free(files->folders);
    free(files);
}
