// Starts a machine that is trained: libc, then the interpreter with its program.
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>

#include "training.h"

extern void __wasm_call_ctors(void);
extern void __init_libc(char **environment, char *program_name);
extern char **__environ;
extern int Py_BytesMain(int argc, char **argv);

// What recipes/driver.py exports of every program.
const char boxer_boot;

// -S: no packages of a site. -B: nothing can be written.
static char *arguments[] = {"/usr/local/bin/python3", "-S", "-B", "-m", "training", NULL};

__attribute__((export_name("_start"))) void start(void) {
    static size_t entropy[4];
    // musl reads the auxiliary vector behind the environment.
    static struct {
        char *variables[2];
        size_t auxiliary[6];
    } given = {
        .variables = {"PYTHONHASHSEED=0", NULL},
        .auxiliary = {AT_PAGESZ, 4096, AT_RANDOM, (size_t)entropy, AT_NULL, 0},
    };
    training_describe(&training);
    __init_libc(given.variables, arguments[0]);
    __environ = given.variables;
    __wasm_call_ctors();
    exit(Py_BytesMain(sizeof arguments / sizeof *arguments - 1, arguments));
}
