#define _GNU_SOURCE
#include "python.h"

#include <dlfcn.h>
#include <pthread.h>

struct python python;
static int is_here;

static void find(void) {
    int found = 1;
#define FIND(result, name, parameters)                                                             \
    found &= (*(void **)&python.name = dlsym(RTLD_DEFAULT, #name)) != NULL;
    PYTHON_FUNCTIONS(FIND)
#undef FIND
#define FIND(name) found &= (python.name = dlsym(RTLD_DEFAULT, #name)) != NULL;
    PYTHON_DATA(FIND)
#undef FIND
    is_here = found;
}

int python_is_here(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find);
    return is_here;
}
