// What a command's name means, and running it: functions, the shell's own commands, programs.
#include "shell.h"

#include "builtins.h"
#include "process.h"
#include "traps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct psh_function *psh_function(const char *name) {
    struct psh_function *found = psh.functions;
    while (found && strcmp(found->name, name) != 0)
        found = found->next;
    return found;
}

static int call_function(struct psh_function *called, char **argv, int last) {
    struct psh_words outer = psh.arguments;
    const char *source = psh.source, *outer_function = psh.function;
    char *error_trap = psh.error_trap;
    psh.arguments = (struct psh_words){0};
    while (*++argv)
        psh_add(&psh.arguments, *argv);
    int loops = psh.loops;
    struct psh_local *locals = psh.locals;
    psh.locals = NULL;
    psh.loops = 0;
    psh.source = called->source;
    psh.function = called->name;
    if (!psh.errtrace)
        psh.error_trap = NULL;
    psh.calls++;
    psh.errors = 0;
    psh_run(called->body, last);
    psh.calls--;
    psh.loops = loops;
    psh.source = source;
    psh.function = outer_function;
    if (!psh.error_trap)
        psh.error_trap = error_trap;
    for (; psh.locals; psh.locals = psh.locals->next)
        *psh.locals->variable = psh.locals->old;
    psh.locals = locals;
    psh.arguments = outer;
    if (psh.leaving == PSH_RETURN)
        psh.leaving = PSH_STAY;
    return psh.status;
}

static int run_program(char **argv, int last) {
    int error;
    char *path = psh_find(argv[0], &error);
    if (!path)
        return psh_cannot_run(argv[0], error);
    if (last && !psh_has_traps())
        return psh_become(path, argv, argv[0]);
    return psh_launch(path, argv, psh_builtin(argv[0]));
}

int psh_run_builtin(const struct psh_builtin *builtin, char **argv) {
    psh.errors = 0;
    clearerr(stdout);
    int status = builtin->run(argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    psh_warn("%s: I/O error", argv[0]);
    clearerr(stdout);
    return status ? status : 1;
}

int psh_call(char **argv, int last, int functions) {
    struct psh_function *called = functions ? psh_function(argv[0]) : NULL;
    if (called)
        return call_function(called, argv, last);
    const struct psh_builtin *builtin = psh_builtin(argv[0]);
    if (!builtin || builtin->kind == PSH_PROGRAM)
        return run_program(argv, last);
    return psh_run_builtin(builtin, argv);
}

static char *with_exec(const char *name) {
    char *text = psh_room(strlen(name) + sizeof "exec: ");
    return strcat(strcpy(text, "exec: "), name);
}

// What is not there ends a shell that is not interactive.
int psh_exec(char **argv) {
    int error;
    if (argv[1] && strcmp(argv[1], "--") == 0)
        argv++;
    if (!argv[1])
        return 0;
    const struct psh_builtin *tool = psh_builtin(argv[1]);
    if (tool && tool->kind == PSH_TOOL) {
        psh.status = psh_run_builtin(tool, argv + 1);
        psh.exit_trap = NULL;
        psh.leaving = PSH_EXIT;
        return psh.status;
    }
    char *path = psh_find(argv[1], &error);
    psh.status = path ? psh_become(path, argv + 1, with_exec(argv[1]))
                      : psh_cannot_run(with_exec(argv[1]), error);
    if (!psh.interactive)
        psh.leaving = PSH_EXIT;
    return psh.status;
}
