// Mounted folders of a machine: wasmtime's own WASI behind our functions.
//
// Belongs here: which calls are handed on, and how. Does not: what may be mounted
// (src/boxer/runtime/mounts.py), modes (modes.c).
//
// wasmtime's path walking (cap-std) is what keeps a guest inside a mounted folder, symbolic links
// and `..` included; we write no such code. Its functions find the memory through their caller's
// exports: they are called by a small module that exports the box's memory as its own.
//
// Numbers of descriptors: 0 to 2 are the streams; from 3 on the folders; behind them those that are
// the machine's for its whole life (`net_descriptors`); then files, which the engine has numbered
// as if there were none of those in between. From MOST_NUMBERS on they are others'.
//
// Invariants
// 1. A machine without folders has none of this: the engine's WASI is asked for nothing.
// 2. A folder is reachable only through a mount that names it, read-only where it says so.
// 3. The engine's WASI is called for folders and files alone: never for a stream, a socket, a
// clock.
// 4. A file that can block, a FIFO say, is never opened: it would be read and written by a thread
// of
//    the engine's, which no limit ends.
// 5. Threads of the engine's take no signals that are told to a program (signals.c).
// 6. A machine with folders has one life: what is open is no part of its memory.
#define _GNU_SOURCE
#include "files.h"
#include "polling.h"
#include "preview1.h"
#include "wasi.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 3, MOST_NUMBERS = 1 << 16, MOST_PARAMETERS = 9, WAYS = PREVIEW1_FUNCTIONS };
// The box's instance and the one that calls.
enum { INSTANCES = 2, MOST_TABLE_ENTRIES = 1 << 20 };
// Which parameter of path_open says where the answer goes.
enum { OPENED = 8 };

struct files {
    wasmtime_func_t of[WAYS];
    struct folder *folders;
    uint32_t count;
};

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

static size_t place_of(const char *name) {
    size_t place = 0;
    while (strcmp(preview1_functions[place].name, name) != 0)
        place++;
    return place;
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

// Threads that are not there any more were to do the work.
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

// Where a function's descriptors are among its parameters; second: -1, there is one.
static int first_descriptor(const char *name) {
    return strcmp(name, "path_symlink") == 0 ? 2 : 0;
}

static int second_descriptor(const char *name) {
    return strcmp(name, "path_link") == 0 ? 4 : strcmp(name, "path_rename") == 0 ? 3 : -1;
}

// The engine's number for one of the guest's; 0: it is none of a folder or a file.
static uint32_t inner_number(const struct boxer_machine *machine, uint32_t number) {
    uint32_t behind = FIRST + machine->folders;
    if (number < FIRST || number >= MOST_NUMBERS)
        return 0;
    if (number < behind)
        return number;
    return number < behind + machine->net_descriptors ? 0 : number - machine->net_descriptors;
}

int files_have(const struct boxer_machine *machine, uint32_t number) {
    return machine->files && inner_number(machine, number);
}

int files_take(const struct boxer_machine *machine, size_t number, const wasmtime_val_raw_t *v) {
    if (!machine->files || !machine->files->of[number].store_id)
        return 0;
    int first = first_descriptor(preview1_functions[number].name);
    return files_have(machine, (uint32_t)v[first].i32);
}

// The signals that are told to a program, and the timer behind them.
static void block_signals(sigset_t *before) {
    static const int told[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGUSR1, SIGUSR2,
                               SIGTERM, SIGCONT, SIGWINCH, SIGALRM};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        sigaddset(&blocked, told[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, before);
}

static int call(struct boxer_machine *machine, size_t number, const wasmtime_val_raw_t *v) {
    wasmtime_val_raw_t values[MOST_PARAMETERS];
    wasm_trap_t *trap = NULL;
    sigset_t before;
    if (shared.is_orphan)
        return WASI_IO; // it would wait for ever
    shared.is_used = 1;
    memcpy(values, v, sizeof *v * strlen(preview1_functions[number].parameters));
    block_signals(&before);
    wasmtime_error_t *error = wasmtime.wasmtime_func_call_unchecked(
        machine->context, &machine->files->of[number], values, MOST_PARAMETERS, &trap);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error && !trap)
        return values[0].i32;
    machine_note_end(machine, error, trap, NULL);
    return STREAM_OVER;
}

// What may be opened. Of a link that is not followed the engine says so.
static int is_opened(uint8_t filetype) {
    return filetype == WASI_REGULAR_FILE || filetype == WASI_DIRECTORY ||
           filetype == WASI_SYMBOLIC_LINK;
}

// What is swapped for a FIFO between the two calls is the host's doing: a guest makes none. The
// engine answers into the guest's memory, which stands still meanwhile.
static int check_opened(struct boxer_machine *machine, const wasmtime_val_raw_t *v) {
    struct wasi_filestat kept, found;
    uint8_t *place = guest_at(machine, 0, sizeof kept);
    if (!place)
        return WASI_FAULT;
    wasmtime_val_raw_t asked[5] = {v[0], v[1], v[2], v[3], {.i32 = 0}};
    memcpy(&kept, place, sizeof kept);
    int error = call(machine, place_of("path_filestat_get"), asked);
    memcpy(&found, place, sizeof found);
    memcpy(place, &kept, sizeof kept);
    if (error == STREAM_OVER)
        return STREAM_OVER;
    return error || is_opened(found.filetype) ? WASI_SUCCESS : WASI_NXIO;
}

static int open_path(struct boxer_machine *machine, size_t number, const wasmtime_val_raw_t *v) {
    uint32_t opened;
    int error = check_opened(machine, v);
    if (!error)
        error = call(machine, number, v);
    uint8_t *place = error ? NULL : guest_at(machine, (uint32_t)v[OPENED].i32, sizeof opened);
    if (!place)
        return error;
    memcpy(&opened, place, sizeof opened);
    if (opened >= MOST_NUMBERS - machine->net_descriptors) {
        wasmtime_val_raw_t too_many = {.i32 = (int32_t)opened};
        error = call(machine, place_of("fd_close"), &too_many);
        return error == STREAM_OVER ? STREAM_OVER : WASI_NFILE;
    }
    opened += machine->net_descriptors;
    memcpy(place, &opened, sizeof opened);
    return WASI_SUCCESS;
}

int files_answer(struct boxer_machine *machine, size_t number, const wasmtime_val_raw_t *v) {
    const struct files *files = machine->files;
    const struct function *function = &preview1_functions[number];
    int first = first_descriptor(function->name), second = second_descriptor(function->name);
    wasmtime_val_raw_t inner[MOST_PARAMETERS];
    memcpy(inner, v, sizeof *v * strlen(function->parameters));
    inner[first].i32 = (int32_t)inner_number(machine, (uint32_t)v[first].i32);
    if (second >= 0) {
        inner[second].i32 = (int32_t)inner_number(machine, (uint32_t)v[second].i32);
        if (!inner[second].i32)
            return WASI_BADF;
    }
    if (strcmp(function->name, "path_filestat_set_times") == 0 && modes_are_asked(inner))
        return modes_answer(machine, files->folders, files->count, inner);
    if (strcmp(function->name, "path_open") == 0)
        return open_path(machine, number, inner);
    return call(machine, number, inner);
}
