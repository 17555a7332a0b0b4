// `sh` as a program of a box.
#include "shell.h"

#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **__environ;
int psh_set_options(char ***words);
char *psh_file(const char *path);

// What an argument vector asks for: options, then -c SCRIPT, a file, or standard input.
static char *script_of(char **argv) {
    char **words = argv + 1, *script = NULL;
    int from_argument = 0;
    for (; *words && (**words == '-' || **words == '+') && (*words)[1]; words++) {
        if (strcmp(*words, "--") == 0) {
            words++;
            break;
        }
        if ((*words)[1] == '-') // --login, --norc: bash's
            continue;
        char *c = **words == '-' ? strchr(*words, 'c') : NULL;
        if (c) {
            from_argument = 1;
            memmove(c, c + 1, strlen(c));
            if (!(*words)[1])
                continue;
        }
        // One word at a time, since -c may follow it; -o has its name in the next.
        char *one[] = {words[0], strchr(words[0], 'o') ? words[1] : NULL, NULL}, **option = one;
        if (psh_set_options(&option))
            return NULL;
        words += option - one - 1;
    }
    if (from_argument) {
        if (!*words) {
            psh_fail(2, "-c requires an argument");
            return NULL;
        }
        script = *words++;
        if (*words)
            psh.name = *words++;
    } else if (*words) {
        script = psh_file(*words);
        if (!script) {
            psh_fail(errno == ENOENT ? 127 : 126, "cannot open %s: %s", *words, strerror(errno));
            return NULL;
        }
        psh.source = psh.name = *words++;
    } else {
        script = psh_file("/dev/stdin");
    }
    for (; *words; words++)
        psh_add(&psh.arguments, *words);
    return script;
}

static void run_exit_trap(void) {
    char *trap = psh.exit_trap;
    int status = psh.status;
    if (!trap || psh.leaving == PSH_EXEC)
        return;
    psh.exit_trap = NULL;
    psh.leaving = PSH_STAY;
    psh_run_text(trap, 0);
    if (psh.leaving != PSH_EXIT)
        psh.status = status;
}

// With a trap set for its end or for errors, a script has a last command of its own.
static int program_comes_last(const char *script) {
    return !strstr(script, "trap ") ||
           !(strstr(script, "EXIT") || strstr(script, " 0") || strstr(script, "ERR"));
}

static int is_bash(const char *path) {
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, "bash") == 0;
}

int psh_main(int argc, char **argv, char **environment) {
    (void)argc;
    char folder[4096];
    memset(&psh, 0, sizeof psh);
    psh.name = argv[0];
    psh.bash = is_bash(argv[0]);
    psh.line = 1;
    psh_restart_seconds("0");
    psh_import(environment);
    psh_variable("IFS")->exported = 0;
    psh_set("IFS", " \t\n");
    psh_set("OPTIND", "1");
    if (getcwd(folder, sizeof folder))
        psh_set("PWD", folder);
    char *script = script_of(argv);
    if (script)
        psh_run_text(script, program_comes_last(script));
    run_exit_trap();
    fflush(NULL);
    if (psh.leaving == PSH_EXEC) {
        __environ = psh_environment();
        program_next = psh.next;
    }
    return psh.status;
}
