// Files of a machine's mounted folders: wasmtime's own WASI behind our functions.
//
// Belongs here: which calls are handed on, and how. Does not: mounting (folders.c), modes
// (modes.c).
//
// Numbers of descriptors: 0 to 2 are the streams; from 3 on the folders; behind them those that are
// the machine's for its whole life (`net_descriptors`); then files, which the engine has numbered
// as if there were none of those in between. From MOST_NUMBERS on they are others'.
//
// Invariants
// 1. The engine's WASI is called for folders and files alone: never for a stream, socket or clock.
// 2. A file that can block, a FIFO say, is never opened: it would be read and written by a thread
//    of the engine's, which no limit ends.
// 3. A machine with folders has one life: what is open is no part of its memory.
#define _GNU_SOURCE
#include "files.h"
#include "polling.h"
#include "preview1.h"
#include "wasi.h"

#include <signal.h>
#include <string.h>

enum { FIRST = 3, MOST_NUMBERS = 1 << 16, MOST_PARAMETERS = 9 };
// Which parameter of path_open says where the answer goes.
enum { OPENED = 8 };

static size_t place_of(const char *name) {
    size_t place = 0;
    while (strcmp(preview1_functions[place].name, name) != 0)
        place++;
    return place;
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

static int call(struct boxer_machine *machine, size_t number, const wasmtime_val_raw_t *v) {
    wasmtime_val_raw_t values[MOST_PARAMETERS];
    wasm_trap_t *trap = NULL;
    sigset_t before;
    if (files_begin_use() < 0)
        return WASI_IO;
    memcpy(values, v, sizeof *v * strlen(preview1_functions[number].parameters));
    threads_begin(&before);
    wasmtime_error_t *error = wasmtime.wasmtime_func_call_unchecked(
        machine->context, &machine->files->of[number], values, MOST_PARAMETERS, &trap);
    threads_end(&before);
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
