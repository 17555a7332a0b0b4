// Loads wasmtime's library: see wasmtime.h.
#include "wasmtime.h"

#include <dlfcn.h>
#include <pthread.h>

struct wasmtime wasmtime;

static const char *problem = "wasmtime's library was not loaded";
static const char *wanted;

#define LOAD(result, name, parameters)                                                             \
    if (!(*(void **)&wasmtime.name = dlsym(library, #name)))                                       \
        return "wasmtime's library has no " #name;

static const char *load_all(void *library) {
    WASMTIME_FUNCTIONS(LOAD)
    return NULL;
}

static void load(void) {
    void *library = dlopen(wanted, RTLD_NOW | RTLD_LOCAL);
    problem = library ? load_all(library) : "wasmtime's library cannot be loaded";
}

const char *wasmtime_load(const char *library) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    if (problem) {
        wanted = library;
        load();
    }
    pthread_mutex_unlock(&one_at_a_time);
    return problem;
}
