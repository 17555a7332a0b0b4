// What an interpreter is told before it starts (PEP 587's preconfiguration): UTF-8 mode, locale,
// memory allocator. A frozen one is compared with what this run tells it.
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include "before.h"

#include <internal/pycore_initconfig.h>
#include <internal/pycore_runtime.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

// What an allocator is by another name.
static int allocator_of(const PyPreConfig *config) {
    int plain = config->allocator == PYMEM_ALLOCATOR_DEFAULT ||
                config->allocator == PYMEM_ALLOCATOR_PYMALLOC;
    return plain ? PYMEM_ALLOCATOR_NOT_SET : config->allocator;
}

static char *asked_ctype; // LC_CTYPE of the environment, before PEP 538's coercion wrote there

// Settings from before the start: how text is decoded, where memory comes from.
PyStatus before_read(PyPreConfig *run, int argc, char **argv) {
    _PyArgv arguments = {.argc = argc, .use_bytes_argv = 1, .bytes_argv = argv};
    PyPreConfig_InitPythonConfig(run);
    const char *asked = getenv("LC_CTYPE");
    asked_ctype = asked ? strdup(asked) : NULL;
    char *frozen = strdup(setlocale(LC_CTYPE, NULL));
    setlocale(LC_CTYPE, "C"); // what a program begins with
    PyStatus status = _PyPreConfig_Read(run, &arguments);
    setlocale(LC_CTYPE, frozen ? frozen : "C");
    free(frozen);
    return status;
}

// The locale that the environment names decides how the system's text is read.
static int same_locale(void) {
    char *frozen = strdup(setlocale(LC_CTYPE, NULL));
    const char *run = setlocale(LC_CTYPE, "");
    int same = frozen && run && strcmp(frozen, run) == 0;
    setlocale(LC_CTYPE, frozen ? frozen : "C");
    free(frozen);
    return same;
}

int before_keeps(void) {
    const char *now = getenv("LC_CTYPE");
    return now == asked_ctype || (now && asked_ctype && strcmp(now, asked_ctype) == 0);
}

void before_undo(void) {
    if (asked_ctype)
        setenv("LC_CTYPE", asked_ctype, 1);
    else
        unsetenv("LC_CTYPE");
}

int before_same(const PyPreConfig *run) {
    const PyPreConfig *frozen = &_PyRuntime.preconfig;
    return run->utf8_mode == frozen->utf8_mode && run->dev_mode == frozen->dev_mode &&
           run->isolated == frozen->isolated && run->use_environment == frozen->use_environment &&
           run->coerce_c_locale == frozen->coerce_c_locale &&
           allocator_of(run) == allocator_of(frozen) && same_locale();
}
