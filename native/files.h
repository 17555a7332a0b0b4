// Mounted folders of a machine (folders.c), what is called for files in them (files.c, passing.c),
// and their modes, for which preview 1 has no words (modes.c).
#ifndef BOXER_NATIVE_FILES_H
#define BOXER_NATIVE_FILES_H

#include "preview1.h"

// descriptor: of the folder, without access to what is in it (O_PATH).
struct folder {
    int descriptor, read_only;
};

// of: functions of the engine's that take what those of preview 1 take, by their numbers
// (preview1.h); others have no store.
struct files {
    wasmtime_func_t of[PREVIEW1_FUNCTIONS];
    struct folder *folders;
    uint32_t count;
};

// passing.c. Whether calls of that name are handed on; the module that does so, null: `message`
// says why. Writes what went wrong to `message`, and takes it: -1.
int passing_is(const char *name);
wasmtime_module_t *passing_new(wasm_engine_t *, char *message);
int passing_tell(char *message, wasmtime_error_t *, wasm_trap_t *);

// folders.c. Around what may have the engine make threads.
void threads_begin(sigset_t *before), threads_end(const sigset_t *before);
// Before a function of `of` is called: 0, or -1, it would never return.
int files_begin_use(void);
void files_free(struct files *);

// files.c. Whether a descriptor is a folder's or a file's.
int files_have(const struct boxer_machine *, uint32_t number);
// Whether a call is for them: `number` is that of a function.
int files_take(const struct boxer_machine *, size_t number, const wasmtime_val_raw_t *);
// A WASI errno; STREAM_OVER: the run has ended.
int files_answer(struct boxer_machine *, size_t number, const wasmtime_val_raw_t *);

// modes.c. Whether path_filestat_set_times is asked for modes, and its answer.
int modes_are_asked(const wasmtime_val_raw_t *);
int modes_answer(struct boxer_machine *, const struct folder *, uint32_t count,
                 const wasmtime_val_raw_t *);

#endif
