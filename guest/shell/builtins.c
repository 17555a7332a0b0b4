// The shell's own commands: their table, and the smallest of them.
#include "shell.h"

#include "builtins.h"
#include "jobs.h"
#include "traps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int run_nothing(char **argv) {
    (void)argv;
    return 0;
}

static int run_false(char **argv) {
    (void)argv;
    return 1;
}

static int run_cd(char **argv) {
    char folder[4096];
    const char *target = argv[1] && strcmp(argv[1], "--") == 0 ? argv[2] : argv[1];
    int back = target && strcmp(target, "-") == 0;
    target = back ? psh_get("OLDPWD") : target ? target : psh_get("HOME");
    char *old = getcwd(folder, sizeof folder) ? psh_copy(folder, strlen(folder)) : "";
    if (!target || chdir(target) < 0) {
        psh_warn("cd: can't cd to %s", target ? target : "the folder HOME names");
        return psh.bash ? 1 : 2;
    }
    psh_set("OLDPWD", old);
    psh_set("PWD", getcwd(folder, sizeof folder) ? folder : target);
    if (back)
        puts(target);
    return 0;
}

static int run_pwd(char **argv) {
    (void)argv;
    char folder[4096];
    if (!getcwd(folder, sizeof folder))
        return 1;
    puts(folder);
    return 0;
}

static int run_unset(char **argv) {
    int status = 0;
    int functions = argv[1] && strcmp(argv[1], "-f") == 0;
    if (functions || (argv[1] && strcmp(argv[1], "-v") == 0))
        argv++;
    while (*++argv) {
        if (!functions) {
            status |= psh_unset(*argv);
            continue;
        }
        for (struct psh_function **f = &psh.functions; *f;) {
            if (strcmp((*f)->name, *argv) == 0)
                *f = (*f)->next;
            else
                f = &(*f)->next;
        }
    }
    return status;
}

static int run_exit(char **argv) {
    psh.leaving = PSH_EXIT;
    psh.status = argv[1] ? atoi(argv[1]) & 255 : psh.status;
    return psh.status;
}

static int run_return(char **argv) {
    if (psh.bash && !psh.calls)
        return psh_warn("return: not in a function or sourced file"), 2;
    psh.leaving = psh.calls ? PSH_RETURN : PSH_EXIT;
    return argv[1] ? atoi(argv[1]) & 255 : psh.status;
}

static int run_break(char **argv) {
    psh.levels = argv[1] ? atoi(argv[1]) : 1;
    if (psh.levels > psh.loops)
        psh.levels = psh.loops;
    if (psh.levels > 0)
        psh.leaving = argv[0][0] == 'b' ? PSH_BREAK : PSH_CONTINUE;
    return 0;
}

static int run_umask(char **argv) {
    if (argv[1]) {
        umask(strtoul(argv[1], NULL, 8));
        return 0;
    }
    mode_t mask = umask(0);
    umask(mask);
    printf("%04o\n", mask);
    return 0;
}

// What would leave a script without the names or the folder it goes on with.
static int run_refused(char **argv) {
    psh_refuse("%s is bash's, and not understood here", argv[0]);
    return 126;
}

static int run_let(char **argv) {
    long long value = 0;
    while (*++argv && !psh.leaving)
        value = psh_arithmetic(*argv);
    return psh.leaving ? psh.status : !value;
}

static int run_env(char **argv) {
    const struct psh_variable *wanted = argv[1] ? psh_variable(argv[1]) : NULL;
    if (wanted)
        return !wanted->exported || !wanted->value || puts(wanted->value) < 0;
    for (char **variable = psh_environment(); *variable; variable++)
        puts(*variable);
    return 0;
}

static const struct psh_builtin builtins[] = {
    {".", psh_dot, PSH_SPECIAL},
    {":", run_nothing, PSH_SPECIAL},
    {"[", psh_test, PSH_TOOL},
    {"basename", psh_basename, PSH_PROGRAM},
    {"bg", psh_foreground, PSH_ORDINARY},
    {"break", run_break, PSH_SPECIAL},
    {"cat", psh_cat, PSH_PROGRAM},
    {"cd", run_cd, PSH_ORDINARY},
    {"chgrp", psh_chown, PSH_PROGRAM},
    {"chmod", psh_chmod, PSH_PROGRAM},
    {"chown", psh_chown, PSH_PROGRAM},
    {"command", psh_command, PSH_ORDINARY},
    {"continue", run_break, PSH_SPECIAL},
    {"coproc", run_refused, PSH_ORDINARY},
    {"cp", psh_cp, PSH_PROGRAM},
    {"declare", psh_declare, PSH_ORDINARY},
    {"dirname", psh_dirname, PSH_PROGRAM},
    {"echo", psh_echo, PSH_TOOL},
    {"eval", psh_eval, PSH_SPECIAL},
    {"exec", psh_exec, PSH_SPECIAL},
    {"exit", run_exit, PSH_SPECIAL},
    {"export", psh_mark, PSH_SPECIAL},
    {"false", run_false, PSH_TOOL},
    {"fg", psh_foreground, PSH_ORDINARY},
    {"getopts", psh_getopts, PSH_ORDINARY},
    {"head", psh_head, PSH_PROGRAM},
    {"hostname", psh_hostname, PSH_PROGRAM},
    {"id", psh_id, PSH_PROGRAM},
    {"jobs", psh_jobs_command, PSH_ORDINARY},
    {"kill", psh_kill, PSH_TOOL},
    {"let", run_let, PSH_ORDINARY},
    {"ln", psh_ln, PSH_PROGRAM},
    {"local", psh_declare, PSH_ORDINARY},
    {"mapfile", psh_mapfile, PSH_ORDINARY},
    {"mkdir", psh_mkdir, PSH_PROGRAM},
    {"mv", psh_mv, PSH_PROGRAM},
    {"popd", run_refused, PSH_ORDINARY},
    {"printenv", run_env, PSH_PROGRAM},
    {"printf", psh_printf, PSH_TOOL},
    {"pushd", run_refused, PSH_ORDINARY},
    {"pwd", run_pwd, PSH_TOOL},
    {"read", psh_read, PSH_ORDINARY},
    {"readarray", psh_mapfile, PSH_ORDINARY},
    {"readonly", psh_mark, PSH_SPECIAL},
    {"return", run_return, PSH_SPECIAL},
    {"rm", psh_remove, PSH_PROGRAM},
    {"set", psh_set_command, PSH_SPECIAL},
    {"shift", psh_shift, PSH_SPECIAL},
    {"shopt", psh_shopt, PSH_ORDINARY},
    {"sleep", psh_sleep, PSH_PROGRAM},
    {"source", psh_dot, PSH_SPECIAL},
    {"test", psh_test, PSH_TOOL},
    {"touch", psh_touch, PSH_PROGRAM},
    {"trap", psh_trap, PSH_SPECIAL},
    {"true", run_nothing, PSH_TOOL},
    {"type", psh_type, PSH_ORDINARY},
    {"typeset", psh_declare, PSH_ORDINARY},
    {"ulimit", run_nothing, PSH_ORDINARY},
    {"umask", run_umask, PSH_ORDINARY},
    {"unset", run_unset, PSH_SPECIAL},
    {"wait", psh_wait, PSH_ORDINARY},
    {"wc", psh_wc, PSH_PROGRAM},
    {"whoami", psh_whoami, PSH_PROGRAM},
    {0},
};

const struct psh_builtin *psh_builtin(const char *name) {
    for (const struct psh_builtin *builtin = builtins; builtin->name; builtin++)
        if (strcmp(builtin->name, name) == 0)
            return builtin;
    return NULL;
}
