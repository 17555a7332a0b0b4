// Folders that a machine is given: what its calls for files go through (files.c) is made here.
//
// wasmtime's path walking (cap-std) is what keeps a guest inside a mounted folder, symbolic links
// and `..` included; we write no such code.
//
// Invariants
// 1. A machine without folders has none of this: the engine's WASI is asked for nothing.
// 2. A folder is reachable only through a mount that names it, read-only where it says so.
// 3. What the engine's threads were to do is asked for in no child of a process that has used them:
//    it would be waited for in vain.
// 4. Threads of the engine's take no signals that are told to a program (signals.c): they inherit
//    what is blocked while they are made.
#define _GNU_SOURCE
#include "files.h"
#include "preview1.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
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
    wasmtime_module_t *passing;
    volatile int is_used, is_orphan;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int complain(char *message, const char *problem) {
    snprintf(message, 256, "%s", problem);
    return -1;
}

static int make_shared(wasm_engine_t *engine, char *message) {
    wasmtime_linker_t *linker = wasmtime.wasmtime_linker_new(engine);
    wasmtime_error_t *error = wasmtime.wasmtime_linker_define_wasi(linker);
    if (error)
        return passing_tell(message, error, NULL);
    if (!(shared.passing = passing_new(engine, message)))
        return -1;
    shared.wasi = linker; // lives as long as the process
    shared.engine = engine;
    return 0;
}

// The signals that are told to a program, and the timer behind them.
void threads_begin(sigset_t *before) {
    static const int told[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGUSR1, SIGUSR2,
                               SIGTERM, SIGCONT, SIGWINCH, SIGALRM};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        sigaddset(&blocked, told[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, before);
}

void threads_end(const sigset_t *before) {
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int have_shared(wasm_engine_t *engine, char *message) {
    sigset_t before;
    threads_begin(&before);
    pthread_mutex_lock(&shared.lock);
    int made = shared.engine == engine ? 0 : make_shared(engine, message);
    pthread_mutex_unlock(&shared.lock);
    threads_end(&before);
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
        if (passing_is(name) && !wasmtime.wasmtime_linker_get(
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
        machine->context, shared.passing, imports, (size_t)count, &instance, &trap);
    if (error || trap)
        return passing_tell(message, error, trap);
    for (int i = 0; i < WAYS; i++) {
        const char *name = preview1_functions[i].name;
        if (passing_is(name) && wasmtime.wasmtime_instance_export_get(machine->context, &instance,
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
    return error ? passing_tell(message, error, NULL) : 0;
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
