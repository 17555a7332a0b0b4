// Mounted folders of a machine: wasmtime's own WASI behind our functions (files.c), and the modes
// of files, for which preview 1 has no words (modes.c).
#ifndef BOXER_NATIVE_FILES_H
#define BOXER_NATIVE_FILES_H

#include "state.h"

// descriptor: of the folder, without access to what is in it (O_PATH).
struct folder {
    int descriptor, read_only;
};

// files.c. Whether a descriptor is a folder's or a file's.
int files_have(const struct boxer_machine *, uint32_t number);
// Whether a call is for them: `number` is that of a function (preview1.h).
int files_take(const struct boxer_machine *, size_t number, const wasmtime_val_raw_t *);
// A WASI errno; STREAM_OVER: the run has ended.
int files_answer(struct boxer_machine *, size_t number, const wasmtime_val_raw_t *);
void files_free(struct files *);

// modes.c. Whether path_filestat_set_times is asked for modes, and its answer.
int modes_are_asked(const wasmtime_val_raw_t *);
int modes_answer(struct boxer_machine *, const struct folder *, uint32_t count,
                 const wasmtime_val_raw_t *);

#endif
